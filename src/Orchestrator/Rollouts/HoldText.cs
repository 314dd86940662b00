using System.Globalization;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

/// <summary>What people are told of a hold.</summary>
internal static class HoldText
{
    /// <summary><c>canary of 1 of 6 is up; held for 5m, or until `orchestrator promote shop`</c>.</summary>
    public static string Of(RolloutState state, string stack)
    {
        var strategy = state.Plan.Strategy!;
        var up = strategy.Kind == StrategyKind.Canary ? $"canary of {strategy.First} of {state.Total} is up" : $"{state.Total} new replicas are up beside the old ones, out of the traffic";
        var until = $"until `orchestrator promote {stack}`";
        return $"{up}; held {(strategy.Hold is { } hold ? $"for {Duration(hold)}, or {until}" : until)}";
    }

    /// <summary><c>canary: 1 of 6 first, held 5m</c>; <c>blue-green: 6 beside 6, then switched at once</c>.</summary>
    public static string Of(ServicePlan plan)
    {
        var strategy = plan.Strategy!;
        var hold = strategy.Hold is not { } time ? "held until `orchestrator promote`" : time > TimeSpan.Zero ? $"held {Duration(time)}" : null;
        if (strategy.Kind == StrategyKind.Canary)
        {
            return $"canary: {strategy.First} of {plan.Slots.Count(s => s.Action != SlotAction.Remove)} first{(hold is null ? "" : $", {hold}")}";
        }
        var old = plan.Slots.Sum(s => s.Old.Count(o => o.Revision != plan.ToRevision));
        return $"blue-green: {strategy.First} beside {old}, {(hold is null ? "" : $"{hold}, ")}then switched at once";
    }

    /// <summary>As a stack file would have it.</summary>
    private static string Duration(TimeSpan time)
    {
        var parts = new (double Value, string Unit)[] { (Math.Floor(time.TotalHours), "h"), (time.Minutes, "m"), (time.Seconds + (time.Milliseconds / 1000d), "s") };
        var text = string.Concat(parts.Where(p => p.Value > 0).Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Value:0.###}{p.Unit}")));
        return text.Length > 0 ? text : "0s";
    }
}
