using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Api;

/// <summary>
/// What <c>plan --out</c> writes and <c>apply</c> carries out: the specification with the environment as it was read, its images pinned, what was seen, and the plan made
/// of it. No time and no private key is in it: the same input gives the same bytes.
/// </summary>
public sealed record PlanFile
{
    public const int CurrentVersion = 1;

    /// <summary>What a request to a coordinator may have, less a mebibyte for the private keys that go with it. A plan of a thousand services takes a few.</summary>
    public const int BytesMax = LinkProtocol.MessageBytesMax - (1024 * 1024);

    /// <summary>Of the file's form.</summary>
    public int Version { get; init; } = CurrentVersion;

    public required string Stack { get; init; }

    public required StackSpec Spec { get; init; }

    /// <summary>Empty = all.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    public bool ForceRecreate { get; init; }

    public bool IsAtomic { get; init; }

    public bool SkipUnreachable { get; init; }

    /// <summary>By service.</summary>
    public required ImmutableSortedDictionary<string, PinnedImage> Images { get; init; }

    public required PlanState State { get; init; }

    /// <summary>Over <see cref="State"/>.</summary>
    public string StateSha256 { get; init; } = "";

    /// <summary>Its warnings are those of the moment it was made.</summary>
    public required Plan Plan { get; init; }

    /// <summary>Over everything but itself and the plan's warnings: a file that was edited is refused.</summary>
    public string PlanSha256 { get; init; } = "";

    public PlanFile Sealed()
    {
        var stated = this with { StateSha256 = CanonicalJson.Digest(State, ApiJson.Default.PlanState), PlanSha256 = "" };
        return stated with { PlanSha256 = stated.Digest() };
    }

    /// <summary>Null when it can be used, else why not.</summary>
    public string? Fault() =>
        Version != CurrentVersion ? $"its form is version {Version}, and this release knows version {CurrentVersion}; make the plan again with this release"
        : StateSha256 != CanonicalJson.Digest(State, ApiJson.Default.PlanState) || PlanSha256 != (this with { PlanSha256 = "" }).Digest() ? "it was changed since it was made (its SHA-256 differs); make the plan again"
        : Plan.Stack != Stack || Spec.Name != Stack ? "it is not of one stack; make the plan again"
        : null;

    public byte[] ToBytes() => CanonicalJson.Write(this, ApiJson.Default.PlanFile);

    /// <exception cref="JsonException">Not a plan file.</exception>
    public static PlanFile Read(ReadOnlySpan<byte> bytes) =>
        JsonSerializer.Deserialize(bytes, ApiJson.Default.PlanFile) is { Stack: not null, Spec: not null, Images: not null, State: not null, Plan: not null } file
            ? file
            : throw new JsonException("a plan file has no nulls");

    private string Digest() => CanonicalJson.Digest(this with { Plan = Plan with { Warnings = [] } }, ApiJson.Default.PlanFile);
}

/// <param name="Image"><c>repo:tag@sha256:…</c>, or an image id.</param>
/// <param name="Hosts">Empty: any host can pull it.</param>
public sealed record PinnedImage(string Image, ImmutableArray<string> Hosts);
