using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>The change under way: which services run, wait, are paused or have ended.</summary>
/// <param name="isTakenUp">A coordinator before this one had begun it: rollouts that had begun are to be told what was asked of them since.</param>
internal sealed class ActiveChange(ChangeRecord record, ImmutableArray<StackRevision> revisions, bool isTakenUp = false)
{
    private readonly Dictionary<string, IActorRef> rollouts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> paused = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> goingBack = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> latest = new(StringComparer.Ordinal);
    private readonly HashSet<string> planningBack = new(StringComparer.Ordinal);
    private readonly HashSet<string> recovering = new(StringComparer.Ordinal);

    /// <summary>Those of the held that nothing but a person ends.</summary>
    private readonly HashSet<string> unpromoted = new(StringComparer.Ordinal);

    /// <summary>Told to resume, and their answer is out: what they have told so far may be from before it.</summary>
    private readonly HashSet<string> resuming = new(StringComparer.Ordinal);
    private bool isPlanningRevert;

    public ChangeRecord Record { get; private set; } = record;

    public bool IsBusy => rollouts.Keys.Any(s => !paused.ContainsKey(s) && !unpromoted.Contains(s)) || resuming.Count > 0 || planningBack.Count > 0 || isPlanningRevert || Startable().Any();

    /// <summary>Some rollout has yet to say where its journal left it: until then nobody knows whether the change is paused.</summary>
    public bool IsRecovering => recovering.Count > 0;

    public bool IsPaused => !isWindingDown && !IsBusy && (paused.Count > 0 || (Record.Pause is not null && Open.Any()));

    /// <summary>Nothing goes on before somebody promotes it.</summary>
    public bool IsHeld => paused.Count == 0 && Record.Pause is null && unpromoted.Count > 0 && !IsBusy;

    /// <summary>And what has become of services that have failed already: promoting the others does not bring these along.</summary>
    public string? HoldReason => Record.Held.IsEmpty ? null : string.Join("; ", Record.Held.Select(h => $"{h.Key}: {h.Value}").Concat(Record.Setbacks()));

    /// <summary>Null when it does not pause. Of a pause on request: who asked, and then what has failed besides.</summary>
    public string? PauseReason
    {
        get
        {
            var held = Record.Pause is { } pause ? PausedBy(pause) : null;
            var reasons = paused.Where(p => p.Value != held).Select(p => $"{p.Key}: {p.Value}");
            return paused.Count == 0 && held is null ? null : string.Join("; ", held is null ? reasons : reasons.Prepend(held));
        }
    }

    public bool HasRollouts => rollouts.Count > 0;

    /// <summary>An atomic change goes back, and all that had begun has come to its end: the way back can be planned.</summary>
    public bool IsReadyToRevert => Record.Revert is { IsPlanned: false } && !isWindingDown && !isPlanningRevert && rollouts.Count == 0 && !Startable().Any();

    private bool isWindingDown => Record.WindsDown is not null;

    private IEnumerable<ServicePlan> Open => Record.Plan.Services.Where(s => s.Action != ServiceAction.None && !Record.Ends.ContainsKey(s.Service));

    private ImmutableSortedSet<string> BegunSoFar =>
        Record.Begun ?? [.. Record.Ends.Keys.Concat(rollouts.Keys).Concat(planningBack).Concat(Record.Rollbacks.Keys)];

    /// <summary>A deploy of the very file that is being deployed need not begin again.</summary>
    public bool IsFor(ChangeRequest.Deploy request, ImmutableArray<StackRevision> known) =>
        Record.Kind == ChangeKind.Deploy
        && request.Services.IsEmpty
        && (Record.IsAtomic || !request.IsAtomic)
        && !isWindingDown
        && (known.FirstOrDefault(r => r.Number == Record.Plan.TargetRevision) ?? revisions.FirstOrDefault(r => r.Number == Record.Plan.TargetRevision)) is { } target
        && target.Spec.Services.All(s => Record.Plan.Services.Any(p => p.Service == s.Name))
        && SpecJson.Write(target.Spec) == SpecJson.Write(request.Spec);

    public IReadOnlyList<(ServicePlan Plan, bool IsWayBack)> TakeStartable() => [.. Startable()];

    public void Started(string service, IActorRef rollout)
    {
        rollouts[service] = rollout;
        recovering.Add(service);

        // It says so itself if it still is.
        Released(service);
    }

    public void Held(RolloutMessage.Held held)
    {
        if (!rollouts.ContainsKey(held.Service) || isWindingDown)
        {
            return;
        }
        Record = Record with { Held = Record.Held.SetItem(held.Service, held.Message) };
        if (held is { Until: null, IsBusy: false })
        {
            unpromoted.Add(held.Service);
        }
    }

    /// <summary>The rollouts that were held, and go on; of all services when none is named.</summary>
    public ImmutableArray<string> Promote(string? service)
    {
        ImmutableArray<string> promoted = [.. Record.Held.Keys.Where(s => (service is null || s == service) && rollouts.ContainsKey(s))];
        foreach (var held in promoted)
        {
            rollouts[held].Tell(new RolloutMessage.Promote());
            Released(held);
        }
        return promoted;
    }

    /// <summary>A rollout that was taken up again is told what had been asked of all of them, should its own journal not know it.</summary>
    public void Recovered(string service)
    {
        if (!recovering.Remove(service) || !rollouts.TryGetValue(service, out var rollout))
        {
            return;
        }
        if (StandingOrder(Record.Rollbacks.ContainsKey(service)) is { } order)
        {
            rollout.Tell(order);
        }
    }

    public bool IsFrom(string service, IActorRef sender) => rollouts.TryGetValue(service, out var rollout) && rollout.Equals(sender);

    /// <summary>False when it was paused already.</summary>
    public bool Paused(string service, string reason) => rollouts.ContainsKey(service) && paused.TryAdd(service, reason);

    public void Continued(string service)
    {
        paused.Remove(service);
        Released(service);
    }

    /// <summary>False when nobody waited for its answer.</summary>
    public bool Resumed(string service) => resuming.Remove(service);

    public void Ended(string service, ServiceEnd end)
    {
        rollouts.Remove(service);
        recovering.Remove(service);
        resuming.Remove(service);
        paused.Remove(service);
        planningBack.Remove(service);
        Released(service);
        Record = Record with { Ends = Record.Ends.SetItem(service, end) };
    }

    public void RollingBack(string service, string reason)
    {
        rollouts.Remove(service);
        recovering.Remove(service);
        resuming.Remove(service);
        paused.Remove(service);
        planningBack.Add(service);
        Released(service);
        goingBack[service] = reason;
    }

    public void PlannedBack(ServicePlan plan)
    {
        planningBack.Remove(plan.Service);
        Record = Record with { Rollbacks = Record.Rollbacks.SetItem(plan.Service, plan), RollbackReasons = Record.RollbackReasons.SetItem(plan.Service, goingBack.GetValueOrDefault(plan.Service, "")) };
    }

    public string? RollbackReason(string service) => Record.RollbackReasons.GetValueOrDefault(service);

    public void Resume()
    {
        Record = Record with { Pause = null, Begun = Record.Revert is null ? null : Record.Begun };
        resuming.UnionWith(rollouts.Keys);
        TellAll(new RolloutMessage.Resume());
    }

    /// <summary>What is in flight finishes; nothing new begins. A way back goes on.</summary>
    public void Pause(string by, DateTimeOffset now)
    {
        Record = Record with { Pause = new ChangePause(by, now), Begun = BegunSoFar };
        unpromoted.Clear();
        foreach (var rollout in rollouts.Where(r => !Record.Rollbacks.ContainsKey(r.Key)))
        {
            rollout.Value.Tell(new RolloutMessage.Pause(PausedBy(Record.Pause)));
        }
    }

    /// <param name="outcome">Superseded or Aborted.</param>
    public void WindDown(ChangeOutcome outcome)
    {
        Record = Record with { WindsDown = outcome, Begun = BegunSoFar };
        paused.Clear();
        unpromoted.Clear();
        TellAll(StandingOrder(isWayBack: false)!);
    }

    /// <summary>A service of an atomic change has failed: all that has begun is unwound, and goes back once it is.</summary>
    public void Revert(string service, string reason)
    {
        Record = Record with { Revert = new ChangeRevert(service, reason, IsPlanned: false), Pause = null, Begun = BegunSoFar };
        paused.Clear();
        unpromoted.Clear();
        foreach (var other in rollouts.Where(r => r.Key != service))
        {
            other.Value.Tell(new RolloutMessage.GoBack($"service {service} failed"));
        }
    }

    public void RevertBeingPlanned() => isPlanningRevert = true;

    /// <param name="plans">Of those that have something to go back from.</param>
    public void RevertPlanned(IReadOnlyDictionary<string, ServicePlan> plans)
    {
        var (revert, reason) = (Record.Revert!, $"service {Record.Revert!.Service} failed");
        isPlanningRevert = false;
        Record = Record with
        {
            Revert = revert with { IsPlanned = true },
            Rollbacks = plans.ToImmutableSortedDictionary(StringComparer.Ordinal),
            RollbackReasons = plans.Keys.ToImmutableSortedDictionary(s => s, s => s == revert.Service ? revert.Reason : reason, StringComparer.Ordinal),
            Ends = Record.Ends.RemoveRange(plans.Keys).SetItems(Record.Begun!.Except(plans.Keys).Select(s => KeyValuePair.Create(s, new ServiceEnd(ChangeOutcome.RolledBack, null)))),
        };
    }

    /// <summary>Nothing can be planned to go back by: what was done stays as it is.</summary>
    public void RevertRefused(string reason)
    {
        isPlanningRevert = false;
        Record = Record with
        {
            Revert = Record.Revert! with { IsPlanned = true },
            Ends = Record.Ends.SetItems(Record.Begun!.Select(s => KeyValuePair.Create(s, new ServiceEnd(ChangeOutcome.Failed, reason)))),
        };
    }

    /// <summary>Which replicas go when this change is superseded: begun for it, and not in the traffic yet.</summary>
    public Predicate<ReplicaSnapshot> Leaving()
    {
        var plans = rollouts.Keys.Select(s => Record.Rollbacks.GetValueOrDefault(s) ?? Record.Plan.Services.First(p => p.Service == s)).ToImmutableArray();
        return replica => replica.State != ReplicaState.Retained && plans.Any(p =>
            p.Service == replica.Key.Service
            && p.ToRevision == replica.Key.Revision
            && p.Slots.Any(s => s.Slot == replica.Key.Slot && s.Action != SlotAction.Remove)
            && (!replica.IsServing || p.Strategy?.Kind == StrategyKind.BlueGreen));
    }

    /// <summary>Keeps the last word on each replica for the signs of life.</summary>
    public void Note(ChangeEvent happened)
    {
        if (happened is ChangeEvent.ReplicaMoved moved)
        {
            var name = $"{moved.Service}.{moved.Slot}";
            if (moved is { Phase: ReplicaStep.Published, Detail: null } || moved.Phase is ReplicaStep.Staged or ReplicaStep.OldStopped or ReplicaStep.Removed or ReplicaStep.Failed)
            {
                latest.Remove(name);
            }
            else
            {
                latest[name] = $"{name} on {moved.Host}: {WordsOf(moved.Phase)}{(moved.Detail is null ? "" : $" ({moved.Detail})")}";
            }
        }
        else if (happened is ChangeEvent.ReplicaFailed failed)
        {
            latest.Remove($"{failed.Service}.{failed.Slot}");
        }
    }

    public string WaitsFor() =>
        latest.Count > 0 ? string.Join(", ", latest.Values.Take(3)) + (latest.Count > 3 ? $" and {latest.Count - 3} more" : "")
        : HoldReason is { } hold ? $"a promotion ({hold})"
        : rollouts.Count > 0 ? $"the next step of {string.Join(", ", rollouts.Keys.Order(StringComparer.Ordinal))}"
        : "the fleet's inventory";

    private static string WordsOf(ReplicaStep step) => step switch
    {
        ReplicaStep.Passed => "waiting for every host to show it",
        ReplicaStep.OldDrained => "drained, stopping",
        ReplicaStep.StoppingOld => "stopping",
        ReplicaStep.Pulling or ReplicaStep.Creating or ReplicaStep.Starting or ReplicaStep.Gating or ReplicaStep.Monitoring or ReplicaStep.Staged or ReplicaStep.Published
            or ReplicaStep.OldStopped or ReplicaStep.Removed or ReplicaStep.Failed => step.ToString().ToLowerInvariant(),
    };

    private void Released(string service)
    {
        unpromoted.Remove(service);
        Record = Record with { Held = Record.Held.Remove(service) };
    }

    private static string PausedBy(ChangePause pause) => $"paused by {pause.By}";

    private RolloutMessage? StandingOrder(bool isWayBack) => Record switch
    {
        { WindsDown: ChangeOutcome.Aborted } => new RolloutMessage.Abort("aborted on request"),
        { WindsDown: not null } => new RolloutMessage.Supersede("superseded by a newer change"),
        { Revert: { IsPlanned: false } revert } => new RolloutMessage.GoBack($"service {revert.Service} failed"),
        { Pause: { } pause } when !isWayBack => new RolloutMessage.Pause(PausedBy(pause)),
        _ => null,
    };

    private void TellAll(RolloutMessage message)
    {
        foreach (var rollout in rollouts.Values)
        {
            rollout.Tell(message);
        }
    }

    private IEnumerable<(ServicePlan Plan, bool IsWayBack)> Startable()
    {
        foreach (var back in Record.Rollbacks.Values.Where(b => !Record.Ends.ContainsKey(b.Service) && !rollouts.ContainsKey(b.Service) && !isWindingDown && MayGoBack(b)))
        {
            yield return (back, true);
        }
        if (Record.Revert is { IsPlanned: true } || (isWindingDown && !isTakenUp))
        {
            yield break;
        }
        foreach (var plan in Record.Plan.Services)
        {
            if (plan.Action != ServiceAction.None
                && !Record.Ends.ContainsKey(plan.Service)
                && !Record.Rollbacks.ContainsKey(plan.Service)
                && !rollouts.ContainsKey(plan.Service)
                && !planningBack.Contains(plan.Service)
                && Record.Begun?.Contains(plan.Service) != false
                && MayStart(plan))
            {
                yield return (plan, false);
            }
        }
    }

    /// <summary>Of an atomic change: in reverse order, those that depend on it first.</summary>
    private bool MayGoBack(ServicePlan back) => Record.Revert is null
        || Record.Plan.Services.All(s => s.After.All(d => d.Service != back.Service) || !Record.Rollbacks.ContainsKey(s.Service) || Record.Ends.ContainsKey(s.Service));

    /// <summary>What a service depends on has passed its gate. What leaves the stack goes when all that stays is there.</summary>
    private bool MayStart(ServicePlan plan) => plan.Action == ServiceAction.Remove
        ? Record.Plan.Services.All(s => s.Action is ServiceAction.Remove or ServiceAction.None || Record.Ends.GetValueOrDefault(s.Service)?.Outcome == ChangeOutcome.Done)
        : plan.After.All(d => Record.Plan.Services.FirstOrDefault(s => s.Service == d.Service) is not { Action: not ServiceAction.None }
            || (Record.Ends.GetValueOrDefault(d.Service) is { } end && (end.Outcome == ChangeOutcome.Done || !d.Required)));
}
