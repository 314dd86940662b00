using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Replicas;

/// <summary>How often a container may be started again, as its labels say it: an agent that restarts knows it from them.</summary>
/// <param name="Window">0: over its whole life.</param>
internal sealed record RestartBudget(int MaxAttempts, TimeSpan Window)
{
    /// <summary>With a restart behind it the engine makes no further one, be its own count begun anew by a start by hand. Not the policy <c>no</c>, by which a container is known as one that was stopped by us.</summary>
    public RestartPolicy Spent => new("on-failure", 1);

    /// <summary>Null where there is no budget, or the engine keeps it by itself.</summary>
    public static RestartBudget? For(RestartSpec spec) => spec.MaxAttempts > 0 && spec.Condition switch
    {
        RestartCondition.None => false,
        RestartCondition.OnFailure => spec.Window > TimeSpan.Zero,
        RestartCondition.Any or RestartCondition.Always => true,
    }
        ? new RestartBudget(spec.MaxAttempts, spec.Window)
        : null;

    public static RestartBudget? Of(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(ReplicaLabels.RestartMax, out var max) && int.TryParse(max, NumberStyles.None, CultureInfo.InvariantCulture, out var attempts) && attempts > 0
            ? new RestartBudget(attempts, labels.TryGetValue(ReplicaLabels.RestartWindow, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) ? TimeSpan.FromMilliseconds(milliseconds) : TimeSpan.Zero)
            : null;

    public ImmutableDictionary<string, string> Labels() => ImmutableDictionary<string, string>.Empty
        .Add(ReplicaLabels.RestartMax, MaxAttempts.ToString(CultureInfo.InvariantCulture))
        .Add(ReplicaLabels.RestartWindow, ((long)Window.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
}
