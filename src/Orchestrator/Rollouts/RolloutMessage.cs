using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Rollouts;

/// <summary>Between a stack's actor and its rollouts.</summary>
internal abstract record RolloutMessage
{
    /// <summary>Failed slots are tried again. Answered with <see cref="Resumed"/>, also by one that was not paused.</summary>
    public sealed record Resume : RolloutMessage;

    public sealed record Abort(string Reason) : RolloutMessage;

    /// <summary>Ends a hold.</summary>
    public sealed record Promote : RolloutMessage;

    /// <summary>What is in flight finishes, then it waits. Nothing to one that is going back or ending.</summary>
    public sealed record Pause(string Reason) : RolloutMessage;

    /// <summary>Another service of an atomic change has failed: this one is unwound, and ends as one that needs its way back.</summary>
    public sealed record GoBack(string Reason) : RolloutMessage;

    /// <summary>A newer change of the stack takes over.</summary>
    public sealed record Supersede(string Reason) : RolloutMessage;

    /// <summary>To the parent: something to show.</summary>
    public sealed record Reported(ChangeEvent Event) : RolloutMessage;

    public sealed record Paused(string Service, string Reason, int Succeeded, int Failed) : RolloutMessage;

    /// <summary>To the parent: it is held.</summary>
    /// <param name="Message">For people, without the service's name.</param>
    /// <param name="Until">Null: until somebody promotes it.</param>
    /// <param name="IsBusy">Old replicas of the canary are still on their way out; told again when they are not.</param>
    public sealed record Held(string Service, string Message, DateTimeOffset? Until, bool IsBusy) : RolloutMessage;

    /// <summary>To the parent: the journal is read, and what it says of a pause or an end has been told.</summary>
    public sealed record Recovered(string Service) : RolloutMessage;

    /// <summary>To the parent: it goes on after a pause or a hold.</summary>
    public sealed record Continued(string Service) : RolloutMessage;

    /// <summary>To the parent: <see cref="Resume"/> is heard, and where it has led so far has been told.</summary>
    public sealed record Resumed(string Service) : RolloutMessage;

    /// <param name="IsSwitched">As in <see cref="RolloutState.IsSwitched"/>.</param>
    public sealed record Ended(string Service, RolloutOutcome Outcome, string? Reason, int Succeeded, int Failed, bool IsSwitched = false) : RolloutMessage;
}

/// <summary>What one rollout works on.</summary>
/// <param name="Id"><c>&lt;stack&gt;/&lt;change&gt;/&lt;service&gt;</c>, with <c>/back</c> for the way back; names its journal and its commands.</param>
/// <param name="Target">The stack revision the new replicas are made from; null when the service is only removed.</param>
internal sealed record RolloutJob(string Id, string Stack, ServicePlan Plan, StackRevision? Target)
{
    /// <summary>Others of the same service and revision may go on beside it: it touches no more than its own slots.</summary>
    public bool IsRepair { get; init; }

    /// <summary>A way back, which no reservation holds up.</summary>
    public bool IsRollback { get; init; }

    public string JournalPrefix => $"stacks/{Stack}/journal/{Id}/";
}
