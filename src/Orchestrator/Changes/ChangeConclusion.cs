using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>How a change ended as a whole, and what the stack is from now on. Pure.</summary>
internal static class ChangeConclusion
{
    public static (ChangeOutcome Outcome, string Message, StackHead Head, ImmutableArray<StackRevision> Changed) Of(
        ChangeRecord change, StackHead head, ImmutableArray<StackRevision> revisions, DateTimeOffset now)
    {
        var stack = head.Stack;
        var target = revisions.First(r => r.Number == change.Plan.TargetRevision);
        if (change is { Revert: { } revert, WindsDown: null })
        {
            return Reverted(change, revert, head, revisions, target);
        }
        var open = change.Plan.Services.Where(s => s.Action != ServiceAction.None && !change.Ends.ContainsKey(s.Service)).Select(s => s.Service).ToList();
        if (change.WindsDown == ChangeOutcome.Superseded || Any(change, ChangeOutcome.Superseded))
        {
            return (ChangeOutcome.Superseded, $"superseded by a newer change of stack {stack}", head, Mark(change, revisions, target, RevisionState.Superseded, null));
        }
        if (change.WindsDown == ChangeOutcome.Aborted || Any(change, ChangeOutcome.Aborted))
        {
            return (ChangeOutcome.Aborted, $"aborted at revision {target.Number}, as it stood; {(change.IsAgain ? $"revision {target.Number} stays what is wanted" : $"deploy again to go on, or {WayOut(change)}")}", head, Mark(change, revisions, target, RevisionState.Aborted, null));
        }
        if (Any(change, ChangeOutcome.RolledBack) && revisions.FirstOrDefault(r => r.Number == change.RollbackRevision) is { } back)
        {
            return RolledBack(change, head, revisions, target, back, open, now);
        }
        if (Any(change, ChangeOutcome.Failed) || open.Count > 0)
        {
            var reason = Reasons(change, ChangeOutcome.Failed);
            var left = open.Count > 0 ? $"; not begun: {string.Join(", ", open)}" : "";
            return (ChangeOutcome.Failed, $"failed at revision {target.Number}: {reason}{left}; see `orchestrator ps {stack}`, then mend it and deploy again{(change.IsAgain ? $"; revision {target.Number} stays what is wanted" : $", or {WayOut(change)}")}", head, Mark(change, revisions, target, RevisionState.Failed, reason));
        }
        var unproven = Unproven(change.Plan, target, revisions);
        if (unproven.Count > 0)
        {
            var names = string.Join(", ", unproven);
            var earlier = revisions.FirstOrDefault(r => r.Number == change.Plan.BaseRevision);
            var state = earlier?.State is RevisionState.Aborted or RevisionState.Superseded ? earlier.State : RevisionState.Failed;
            return (ChangeOutcome.Done, $"stack {stack} is at revision {target.Number}; {names} stayed as in revision {change.Plan.BaseRevision}, which never was good: only what stands of it is kept up until the whole file is deployed", head, Mark(change, revisions, target, state, $"{names} as in revision {change.Plan.BaseRevision}{(earlier?.Detail is { } detail ? $": {detail}" : "")}"));
        }
        return (ChangeOutcome.Done, $"stack {stack} is at revision {target.Number}", head, Mark(change, revisions, target, RevisionState.Good, null));
    }

    /// <summary>Services that a plan for others has left alone, and that were never good as the target has them.</summary>
    public static IReadOnlyList<string> Unproven(Plan plan, StackRevision target, ImmutableArray<StackRevision> revisions)
    {
        var good = StackRevision.Good(revisions);
        return [.. target.Services.Where(s => plan.Services.All(p => p.Service != s.Key) && !good.Contains(s.Value.Id)).Select(s => s.Key)];
    }

    /// <summary>Besides mending it: there may be no revision to go back to.</summary>
    public static string WayOut(ChangeRecord change) =>
        change.IsAgain ? $"leave it with `orchestrator abort {change.Plan.Stack}`: revision {change.Plan.TargetRevision} stays what is wanted" :
        change.RollbackRevision is null ? $"remove the stack with `orchestrator rm {change.Plan.Stack}`: there is no good revision to go back to" : $"go back with `orchestrator rollback {change.Plan.Stack}`";

    /// <summary>An atomic change has gone back: the stack is at the old revision, or, without one, it runs nothing.</summary>
    private static (ChangeOutcome Outcome, string Message, StackHead Head, ImmutableArray<StackRevision> Changed) Reverted(
        ChangeRecord change, ChangeRevert revert, StackHead head, ImmutableArray<StackRevision> revisions, StackRevision target)
    {
        if (change.RollbackRevision is { } lost && revisions.All(r => r.Number != lost))
        {
            return (ChangeOutcome.Failed, $"failed at revision {target.Number} ({revert.Service}: {revert.Reason}) and stays as it stands: revision {lost}, which it would go back to, is not in the history any more; mend it and deploy again", head, Mark(change, revisions, target, RevisionState.Failed, revert.Reason));
        }
        var cause = $"{revert.Service}: {revert.Reason}";
        var broken = change.Ends.Where(e => e.Value.Outcome == ChangeOutcome.Failed).ToList();
        var others = change.Begun!.Except([revert.Service]);
        var next = head with { Current = change.RollbackRevision };
        ImmutableArray<StackRevision> changed = [target with { State = RevisionState.RolledBack, Detail = cause }];
        if (broken.Count > 0)
        {
            var reasons = string.Join("; ", broken.Select(b => $"{b.Key}: {b.Value.Reason ?? "replicas failed"}"));
            return (ChangeOutcome.Failed, $"failed ({cause}), and the way back failed too ({reasons}); see `orchestrator explain {head.Stack}`, then deploy again", next, changed);
        }
        return change.RollbackRevision is { } back
            ? (ChangeOutcome.RolledBack, $"failed ({cause}) and rolled back to revision {back}{(others.IsEmpty ? "" : $", {string.Join(", ", others)} with it: the change was atomic")}", next, changed)
            : (ChangeOutcome.RolledBack, $"failed ({cause}); what it had created is removed: the change was atomic, and there was no earlier revision. `orchestrator events {head.Stack}` shows why", next, changed);
    }

    private static (ChangeOutcome Outcome, string Message, StackHead Head, ImmutableArray<StackRevision> Changed) RolledBack(
        ChangeRecord change, StackHead head, ImmutableArray<StackRevision> revisions, StackRevision target, StackRevision back, List<string> open, DateTimeOffset now)
    {
        var names = change.Ends.Where(e => e.Value.Outcome == ChangeOutcome.RolledBack).Select(e => e.Key).ToList();
        var reason = string.Join("; ", names.Select(n => $"{n}: {change.RollbackReasons.GetValueOrDefault(n)}"));
        var failed = target with { State = RevisionState.RolledBack, Detail = reason };
        var broken = Any(change, ChangeOutcome.Failed);
        var mixed = Mix(target, back, [.. names, .. open], head.LastRevision + 1, now);
        if (!broken && HasSameServices(mixed, back))
        {
            return (ChangeOutcome.RolledBack, $"failed ({reason}) and rolled back to revision {back.Number}", head with { Current = back.Number }, [failed]);
        }

        // What had nothing to do is as the target wants it, which need not be how it was in what is gone back to.
        var done = change.Ends.Where(e => e.Value.Outcome == ChangeOutcome.Done).Select(e => e.Key).ToList();
        var idle = change.Plan.Services.Where(s => s.Action == ServiceAction.None).Select(s => s.Service).ToList();
        var kept = done.Concat(idle.Where(name => !IsSameService(mixed, back, name))).ToList();
        var asInMixed = done.Concat(idle).Concat(names).Concat(open).Where(mixed.Services.ContainsKey).Select(name => KeyValuePair.Create(name, mixed.Number));
        mixed = mixed with
        {
            Stands = Stands(change, target, revisions).SetItems(asInMixed),
            State = broken || Unproven(change.Plan, mixed, revisions).Count > 0 ? RevisionState.Failed : RevisionState.Good,
            Detail = $"revision {target.Number} with {string.Join(", ", names.Concat(open))} as in revision {back.Number}",
        };
        var message = $"failed ({reason}); {string.Join(", ", names)} rolled back to revision {back.Number}, {(kept.Count > 0 ? $"{string.Join(", ", kept)} kept" : broken ? "others failed" : "others stay as they are")}: the stack is at revision {mixed.Number}";
        return (ChangeOutcome.RolledBack, message, head with { Current = mixed.Number, LastRevision = mixed.Number }, [failed, mixed]);
    }

    /// <summary>The target with some services as they were; those that were not there are left out, and those whose removal has not begun stay.</summary>
    private static StackRevision Mix(StackRevision target, StackRevision back, ImmutableArray<string> reverted, int number, DateTimeOffset now)
    {
        var services = target.Spec.Services
            .Select(s => !reverted.Contains(s.Name, StringComparer.Ordinal) ? s : back.Spec.Services.FirstOrDefault(b => b.Name == s.Name))
            .OfType<ServiceSpec>()
            .Concat(back.Spec.Services.Where(b => reverted.Contains(b.Name, StringComparer.Ordinal) && target.Spec.Services.All(s => s.Name != b.Name)))
            .ToImmutableArray();
        return new StackRevision
        {
            Number = number,
            Created = now,
            GoodBase = back.Number,
            Spec = target.Spec with { Services = services, Networks = back.Spec.Networks.SetItems(target.Spec.Networks), Volumes = back.Spec.Volumes.SetItems(target.Spec.Volumes) },
            Services = services.ToImmutableSortedDictionary(s => s.Name, s => (reverted.Contains(s.Name, StringComparer.Ordinal) ? back : target).Services[s.Name], StringComparer.Ordinal),
        };
    }

    private static bool HasSameServices(StackRevision a, StackRevision b) =>
        a.Services.Count == b.Services.Count && a.Services.Keys.All(name => IsSameService(a, b, name));

    /// <summary>The same containers, and all else that its file says of it.</summary>
    private static bool IsSameService(StackRevision a, StackRevision b, string name) =>
        a.Services.GetValueOrDefault(name)?.Id is { } id && b.Services.GetValueOrDefault(name)?.Id == id && Text(a.Service(name)) == Text(b.Service(name));

    private static string Text(ServiceSpec service) => JsonSerializer.Serialize(service, SpecJson.Default.ServiceSpec);

    private static bool Any(ChangeRecord change, ChangeOutcome outcome) => change.Ends.Values.Any(e => e.Outcome == outcome);

    private static string Reasons(ChangeRecord change, ChangeOutcome outcome) =>
        string.Join("; ", change.Ends.Where(e => e.Value.Outcome == outcome).Select(e => $"{e.Key}: {e.Value.Reason ?? "replicas failed"}"));

    /// <summary>A repair says nothing about the revision, and neither does a change that carries out again what was good: that stays so.</summary>
    private static ImmutableArray<StackRevision> Mark(ChangeRecord change, ImmutableArray<StackRevision> revisions, StackRevision target, RevisionState state, string? detail) =>
        change.Kind == ChangeKind.Repair ? []
        : change.IsAgain ? [target with { State = RevisionState.Good, Detail = null, Stands = null }]
        : [target with { State = state, Detail = detail, Stands = state == RevisionState.Good ? null : Stands(change, target, revisions) }];

    /// <summary>What did not get there stands as it did before, also what was to leave the stack and has not.</summary>
    private static ImmutableSortedDictionary<string, int> Stands(ChangeRecord change, StackRevision target, ImmutableArray<StackRevision> revisions)
    {
        var stands = revisions.FirstOrDefault(r => r.Number == change.Plan.BaseRevision) is { } before ? StandingRevision.NumbersOf(before, revisions) : ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);
        var done = change.Ends.Where(e => e.Value.Outcome == ChangeOutcome.Done || e.Value.IsSwitched).Select(e => e.Key).ToList();
        return stands.RemoveRange(done).SetItems(done.Where(target.Services.ContainsKey).Select(name => KeyValuePair.Create(name, target.Number)));
    }
}
