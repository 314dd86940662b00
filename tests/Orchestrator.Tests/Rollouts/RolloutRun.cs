using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Rollouts;

/// <summary>Drives the pure machine: answers its commands by hand and keeps what it asked for.</summary>
internal sealed class RolloutRun
{
    private readonly List<RolloutCommand> open = [];

    public RolloutRun(ServicePlan plan)
    {
        State = Rollout.Begin(plan);
        Settle();
    }

    public RolloutState State { get; private set; }

    public DateTimeOffset Now { get; private set; } = World.Start;

    /// <summary>Commands not answered yet, as <c>start web.1</c>.</summary>
    public IReadOnlyList<RolloutCommand> Open => open;

    public List<RolloutEvent> Events { get; } = [];

    /// <summary>Slots whose old replica was given its traffic back.</summary>
    public List<int> Undrained { get; } = [];

    /// <summary>Slots whose new replica was taken out of the traffic.</summary>
    public List<int> Withdrawn { get; } = [];

    public List<string> Prefetched { get; } = [];

    /// <summary>Slots whose new replica, which had passed, was stopped because it had died.</summary>
    public List<int> Discarded { get; } = [];

    public string Asked => string.Join(' ', open.Select(Word));

    public static ServicePlan Plan(int replicas, UpdateSpec policy, bool replaces = true, int retain = 1) => new()
    {
        Service = "web",
        Action = replaces ? ServiceAction.Update : ServiceAction.Create,
        FromRevision = "old",
        ToRevision = "new",
        Policy = policy,
        Retain = retain,
        ProgressDeadline = TimeSpan.FromMinutes(10),
        Slots = [.. Enumerable.Range(1, replicas).Select(n => new SlotPlan { Slot = n, Action = replaces ? SlotAction.Replace : SlotAction.Create, Host = $"h{n}", Old = replaces ? [new Placement($"h{n}", "old", true)] : [] })],
    };

    public RolloutRun Pass(int slot) => Tell(new RolloutEvent.ReplicaPassed(slot, State.Slot(slot)!.Attempt) { At = Now });

    public RolloutRun Published(int slot) => Tell(new RolloutEvent.ReplicaPublished(slot, State.Slot(slot)!.Attempt) { At = Now });

    public RolloutRun Withheld(int slot) => Tell(new RolloutEvent.ReplicaWithheld(slot, State.Slot(slot)!.Attempt) { At = Now });

    /// <summary>Withheld, started, and through its gate.</summary>
    public RolloutRun Stage(int slot) => Withheld(slot).Pass(slot);

    public RolloutRun Promote() => Tell(new RolloutEvent.Promoted(OnRequest: true) { At = Now });

    public RolloutRun Lose(string host) => Tell(new RolloutEvent.HostLost(host) { At = Now });

    public RolloutRun Judged(int slot) => Tell(new RolloutEvent.ReplicaJudged(slot, State.Slot(slot)!.Attempt, null) { At = Now });

    /// <summary>Passed, and every ingress has it.</summary>
    public RolloutRun Serve(int slot) => Pass(slot).Published(slot);

    public RolloutRun Drained(int slot) => Tell(new RolloutEvent.OldDrained(slot, $"h{slot}", "old") { At = Now });

    /// <summary>The old one is drained, then stopped.</summary>
    public RolloutRun Gone(int slot) => Drained(slot).Stopped(slot);

    public RolloutRun Fail(int slot) => Tell(new RolloutEvent.ReplicaFailed(slot, State.Slot(slot)!.Attempt, new FailureReport { Stage = ReplicaStage.Gate, Message = "exited" }) { At = Now });

    /// <summary>The fleet's word: it had passed, and does not run any more.</summary>
    public RolloutRun Die(int slot) => Tell(new RolloutEvent.ReplicaFailed(slot, State.Slot(slot)!.Attempt, new FailureReport { Stage = ReplicaStage.Monitor, Message = "exited" }) { At = Now });

    public RolloutRun Stopped(int slot) => Tell(new RolloutEvent.OldStopped(slot, $"h{slot}", "old") { At = Now });

    public RolloutRun Prepared(int slot) => Tell(new RolloutEvent.ReplicaPrepared(slot, State.Slot(slot)!.Attempt) { At = Now });

    public RolloutRun Cancelled(int slot) => Tell(new RolloutEvent.NewCancelled(slot, State.Slot(slot)!.Attempt) { At = Now });

    public RolloutRun Wait(TimeSpan time)
    {
        Now += time;
        Settle();
        return this;
    }

    public RolloutRun Tell(RolloutEvent happened)
    {
        Apply(happened);
        Settle();
        return this;
    }

    private void Settle()
    {
        while (Rollout.Decide(State, Now) is { } next)
        {
            Apply(next);
        }
    }

    private void Apply(RolloutEvent happened)
    {
        var before = State;
        State = Rollout.Apply(before, happened);
        if (ReferenceEquals(before, State))
        {
            return;
        }
        Events.Add(happened);
        open.RemoveAll(c => State.Slot(c.Slot)!.Phase != before.Slot(c.Slot)!.Phase
            || (c is RolloutCommand.StopOld s && State.Slot(c.Slot)!.OldLeft.All(o => o.Host != s.Host))
            || (c is RolloutCommand.Drain d && State.Slot(c.Slot)!.OldInTraffic.All(o => o.Host != d.Host)));
        var effects = Rollout.Effects(before, State).ToList();
        Undrained.AddRange(effects.OfType<RolloutCommand.Undrain>().Select(u => u.Slot));
        Withdrawn.AddRange(effects.OfType<RolloutCommand.Withdraw>().Select(w => w.Slot));
        Prefetched.AddRange(effects.OfType<RolloutCommand.Prefetch>().Select(p => p.Host));
        Discarded.AddRange(effects.Where(IsDiscard).Select(s => s.Slot));
        open.AddRange(effects.Where(e => e is not (RolloutCommand.Undrain or RolloutCommand.Withdraw or RolloutCommand.Prefetch) && !IsDiscard(e) && !open.Contains(e)));
    }

    /// <summary>Nobody waits for its answer.</summary>
    private bool IsDiscard(RolloutCommand command) => command is RolloutCommand.StopOld stop && stop.Revision == State.Plan.ToRevision;

    private static string Word(RolloutCommand command) => command switch
    {
        RolloutCommand.Prepare c => $"prepare:{c.Slot}",
        RolloutCommand.Start c => $"start:{c.Slot}@{c.Host}",
        RolloutCommand.Withhold c => $"withhold:{c.Slot}",
        RolloutCommand.Switch c => $"switch:{c.Slot}@{c.Host}",
        RolloutCommand.Publish c => $"publish:{c.Slot}@{c.Host}",
        RolloutCommand.Judge c => $"judge:{c.Slot}",
        RolloutCommand.Drain c => $"drain:{c.Slot}",
        RolloutCommand.StopOld c => $"stop:{c.Slot}{(c.Retain ? "+" : "")}",
        RolloutCommand.CancelNew c => $"cancel:{c.Slot}",
        RolloutCommand.Prune c => $"prune:{c.Slot}",
        RolloutCommand.Reassign c => $"reassign:{c.Slot}",
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };
}
