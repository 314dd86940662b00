using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Api;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Deploy), "deploy")]
[JsonDerivedType(typeof(Rollback), "rollback")]
[JsonDerivedType(typeof(Resume), "resume")]
[JsonDerivedType(typeof(Abort), "abort")]
[JsonDerivedType(typeof(Pause), "pause")]
[JsonDerivedType(typeof(Scale), "scale")]
[JsonDerivedType(typeof(Remove), "remove")]
[JsonDerivedType(typeof(Watch), "watch")]
[JsonDerivedType(typeof(Promote), "promote")]
[JsonDerivedType(typeof(Apply), "apply")]
public abstract record ChangeRequest
{
    /// <summary>The stack's name.</summary>
    public required string Stack { get; init; }

    /// <summary>The change is followed while it is held for a promotion, too; otherwise the following ends with <see cref="ChangeOutcome.Held"/>.</summary>
    public bool WaitsForPromotion { get; init; }

    /// <summary>Of a deploy, scale or rollback: go on without hosts that do not answer, where it would be refused.</summary>
    public bool SkipUnreachable { get; init; }

    /// <summary>Who asks, for the record: the name in the certificate, which the API puts here whatever a client has said. Null: somebody at this machine.</summary>
    public string? By { get; init; }

    public sealed record Deploy : ChangeRequest
    {
        public required StackSpec Spec { get; init; }

        /// <summary>Empty = all. Others keep their current specification.</summary>
        public ImmutableArray<string> Services { get; init; } = [];

        public bool ForceRecreate { get; init; }

        /// <summary>All or nothing, whatever the file says: when one service fails, every service that this change has altered goes back.</summary>
        public bool IsAtomic { get; init; }

        /// <summary>Contents of the certificates in <see cref="StackSpec.Certificates"/>, private keys among them: stored apart from the revision and shown nowhere.</summary>
        public ImmutableArray<CertificateFile> Certificates { get; init; } = [];
    }

    /// <summary>Carries out a plan exactly as it stands, or is refused with <see cref="CoordinatorErrorKind.Conflict"/> when what it was made from has changed.</summary>
    public sealed record Apply : ChangeRequest
    {
        public required PlanFile File { get; init; }

        /// <summary>As <see cref="Deploy.Certificates"/>; those that the coordinator has already need not be among them.</summary>
        public ImmutableArray<CertificateFile> Certificates { get; init; } = [];
    }

    /// <summary>Back to a stack revision; null = the last good one before the current.</summary>
    public sealed record Rollback : ChangeRequest
    {
        public int? ToRevision { get; init; }
    }

    /// <summary>Holds the change under way: what is in flight finishes, nothing new begins, until <see cref="Resume"/>, <see cref="Rollback"/> or <see cref="Abort"/>.</summary>
    public sealed record Pause : ChangeRequest;

    /// <summary>Goes on with a paused rollout: failed slots are tried again.</summary>
    public sealed record Resume : ChangeRequest;

    /// <summary>Ends a running or paused rollout as it stands.</summary>
    public sealed record Abort : ChangeRequest;

    /// <summary>Goes on with rollouts that are held. Refused when none is.</summary>
    public sealed record Promote : ChangeRequest
    {
        /// <summary>Null: every one that is held.</summary>
        public string? Service { get; init; }
    }

    public sealed record Scale : ChangeRequest
    {
        /// <summary>Service → replicas.</summary>
        public required ImmutableSortedDictionary<string, int> Replicas { get; init; }
    }

    /// <summary>Everything of the stack, and its history.</summary>
    public sealed record Remove : ChangeRequest
    {
        /// <summary>The stack's own volumes too.</summary>
        public bool Volumes { get; init; }
    }

    /// <summary>Follows the change that is under way; ends at once when there is none.</summary>
    public sealed record Watch : ChangeRequest;
}
