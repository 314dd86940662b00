using System.Collections.Immutable;
using Orchestrator.Cli.Interaction;
using Orchestrator.Planning;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;

namespace Orchestrator.Cli.Rendering;

/// <summary>A plan for people: by service why and how, by host what.</summary>
internal static class PlanText
{
    private enum Mark
    {
        Created,
        Replaced,
        Removed,
    }

    private sealed record HostLine(string Host, int Order, Mark Mark, string Replica, string Text);

    public static IEnumerable<string> Lines(Plan plan, Paint paint)
    {
        // Another revision without a step is a change of policy or traffic, which the services' reasons tell.
        if (plan.IsEmpty && (plan.BaseRevision is null || plan.BaseRevision == plan.TargetRevision))
        {
            yield return $"{plan.Stack}: nothing to do, it is as asked (revision {plan.TargetRevision})";
        }
        else
        {
            yield return paint.Of(Tone.Strong, $"{plan.Stack}: {Revisions(plan)}");
            yield return "";
            foreach (var line in Services(plan, paint))
                yield return line;
            var byHost = HostLines(plan);
            foreach (var host in byHost.GroupBy(l => l.Host).OrderBy(g => g.Key, StringComparer.Ordinal))
            {
                yield return "";
                yield return paint.Of(Tone.Strong, host.Key);
                foreach (var line in host.OrderBy(l => l.Order))
                    yield return "  " + Line(line, paint);
            }

            yield return "";
            yield return Sum(plan);
        }

        foreach (var warning in plan.Warnings)
            yield return paint.Of(Tone.Busy, "warning:") + " " + VisibleText.Line(warning);
    }

    /// <summary><c>2 replicas to create, 3 to replace, 1 to remove</c>.</summary>
    public static string Sum(Plan plan)
    {
        var slots = plan.Services.SelectMany(s => s.Slots).ToLookup(s => s.Action);
        (int Count, string Verb)[] counts = [(slots[SlotAction.Create].Count(), "create"), (slots[SlotAction.Replace].Count(), "replace"), (slots[SlotAction.Remove].Count(), "remove")];
        var parts = counts.Where(c => c.Count > 0).Select((c, i) => i == 0 ? $"{Words.Count(c.Count, "replica")} to {c.Verb}" : $"{c.Count} to {c.Verb}").ToArray();
        return parts.Length > 0 ? string.Join(", ", parts) : "no replica changes";
    }

    public static string Verb(ServiceAction action) => action switch
    {
        ServiceAction.None => "no change",
        ServiceAction.Create => "create",
        ServiceAction.Update => "update",
        ServiceAction.Scale => "scale",
        ServiceAction.Repair => "repair",
        ServiceAction.Remove => "remove",
    };

    private static string OnFailure(FailureAction action) => action switch
    {
        FailureAction.Pause => "pause",
        FailureAction.Continue => "continue",
        FailureAction.Rollback => "roll back",
    };

    private static IEnumerable<HostLine> Of(string service, SlotPlan slot, int order)
    {
        var replica = $"{service}.{slot.Slot}";
        var here = slot.Host;
        var away = slot.Old.Where(o => o.Host != here).Select(o => o.Host).Distinct().ToImmutableArray();
        switch (slot.Action)
        {
            case SlotAction.Create:
                yield return new(here ?? "", order, Mark.Created, replica, With("create", slot.Reason));
                break;
            case SlotAction.Replace when away.IsEmpty:
                yield return new(here ?? "", order, Mark.Replaced, replica, With($"replace {Revision(slot)}", slot.Reason));
                break;
            case SlotAction.Replace:
                yield return new(here ?? "", order, Mark.Created, replica, With($"create, comes from {string.Join(", ", away)}", slot.Reason));
                foreach (var host in away)
                    yield return new(host, order, Mark.Removed, replica, $"remove, goes to {here}");
                break;
            case SlotAction.Remove:
                foreach (var host in slot.Old.Select(o => o.Host).Distinct())
                    yield return new(host, order, Mark.Removed, replica, With("remove", slot.Reason));
                break;
        }
    }

    private static string Line(HostLine line, Paint paint) => line.Mark switch
    {
        Mark.Created => paint.Of(Tone.Good, $"+ {line.Replica}") + $"  {line.Text}",
        Mark.Replaced => paint.Of(Tone.Busy, $"~ {line.Replica}") + $"  {line.Text}",
        Mark.Removed => paint.Of(Tone.Bad, $"- {line.Replica}") + $"  {line.Text}",
    };

    private static IEnumerable<string> Services(Plan plan, Paint paint)
    {
        var table = new TextTable("SERVICE", "ACTION", "REVISION", "WHY");
        foreach (var service in plan.Services)
        {
            var changes = service.Action != ServiceAction.None;
            table.Add(
                service.Service,
                new(Verb(service.Action), changes ? Tone.Strong : Tone.Quiet),
                Revision(service),
                new(VisibleText.Line(service.Reason), changes ? Tone.Plain : Tone.Quiet));
        }

        foreach (var line in table.Lines(paint))
            yield return line;
        foreach (var service in plan.Services.Where(s => s.Action is not (ServiceAction.None or ServiceAction.Remove) && s.Slots.Length > 0))
            yield return paint.Of(Tone.Quiet, How(service));
    }

    /// <summary><c>web: 2 at a time, new first, monitored for 5.0 s; on failure roll back; after db is healthy</c>.</summary>
    private static string How(ServicePlan service)
    {
        var policy = service.Policy;
        var (replaced, creates) = (service.Slots.Count(s => s.Action != SlotAction.Remove && !s.Old.IsEmpty), service.Slots.Any(s => s.Action != SlotAction.Remove && s.Old.IsEmpty));
        var batch = policy.Parallelism == 0 || replaced == 0 ? "all at once" : $"{policy.Parallelism} at a time{(creates ? ", what is new at once" : "")}";
        var replaces = service.Slots.Any(s => s.Action == SlotAction.Replace);
        var order = !replaces ? "" : policy.Order == UpdateOrder.StartFirst ? ", new first" : ", old stopped first";
        var delay = policy.Delay > TimeSpan.Zero && replaced > 0 ? $", {DurationText.Of(policy.Delay)} between batches" : "";
        var monitor = policy.Monitor > TimeSpan.Zero ? $", monitored for {DurationText.Of(policy.Monitor)}" : "";
        var strategy = service.Strategy is null ? "" : $"; {HoldText.Of(service)}";
        var after = service.After.IsEmpty ? "" : "; after " + string.Join(" and ", service.After.Select(After));
        return $"{service.Service}: {batch}{order}{delay}{monitor}{strategy}; on failure {OnFailure(policy.FailureAction)}{after}";
    }

    private static string After(DependencySpec dependency) => dependency.Condition switch
    {
        DependencyCondition.Healthy => $"{dependency.Service} is healthy",
        DependencyCondition.Completed => $"{dependency.Service} has completed",
        _ => $"{dependency.Service} has started",
    };

    private static ImmutableArray<HostLine> HostLines(Plan plan)
    {
        var order = 0;
        return [.. plan.Services.SelectMany(service => service.Slots.SelectMany(slot => Of(service.Service, slot, order++)))];
    }

    private static string Revisions(Plan plan)
    {
        if (plan.BaseRevision is not { } current)
            return $"first deploy, revision {plan.TargetRevision}";
        return current == plan.TargetRevision ? $"revision {current} stays" : $"revision {current} → {plan.TargetRevision}";
    }

    private static string Revision(ServicePlan service) => (service.FromRevision, service.ToRevision) switch
    {
        (null, var to) => Words.Short(to),
        (var from, "") => $"{Words.Short(from)} →",
        var (from, to) when from == to => Words.Short(to),
        var (from, to) => $"{Words.Short(from)} → {Words.Short(to)}",
    };

    private static string Revision(SlotPlan slot) => string.Join(", ", slot.Old.Select(o => Words.Short(o.Revision)).Distinct());

    private static string With(string what, string reason) => reason.Length > 0 ? $"{what}: {VisibleText.Line(reason)}" : what;
}
