using System.Text.Json;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;
using Orchestrator.Store;

namespace Orchestrator.Tests.Rollouts;

/// <summary>Rollouts under random answers, losses and requests: each run is named by its seed.</summary>
public sealed class RolloutProperties
{
    private const int StepsMax = 400;

    public static TheoryData<int> Seeds
    {
        get
        {
            var seeds = new TheoryData<int>();
            for (var seed = 0; seed < 300; seed++)
            {
                seeds.Add(seed);
            }
            return seeds;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_course_ends_keeps_its_batch_size_and_replays_from_its_journal(int seed)
    {
        var random = new Random(seed);
        var plan = RolloutRun.Plan(random.Next(1, 7), new UpdateSpec
        {
            Parallelism = random.Next(0, 4),
            Delay = TimeSpan.FromSeconds(random.Next(0, 3)),
            Order = random.Next(2) == 0 ? UpdateOrder.StartFirst : UpdateOrder.StopFirst,
            FailureAction = (FailureAction)random.Next(3),
            MaxFailureRatio = random.NextDouble() / 2,
        }) with { Slo = random.Next(2) == 0 ? null : new SloSpec { ErrorRate = 0.01 } };
        var created = random.Next(3) == 0 ? random.Next(1, plan.Slots.Length + 1) : 0;
        plan = plan with { Slots = [.. plan.Slots.Select(s => s.Slot > plan.Slots.Length - created ? s with { Action = SlotAction.Create, Old = [] } : s)] };
        plan = WithStrategy(plan, random);
        var run = new RolloutRun(plan);
        for (var step = 0; step < StepsMax && run.State.Phase != RolloutPhase.Ended; step++)
        {
            Disturb(run, random);
            Hold(run, plan);
        }
        Assert.True(run.State.Phase == RolloutPhase.Ended, $"seed {seed}: still {run.State.Phase} with {run.Asked} open");
        AssertReplays(run, plan);
    }

    private static ServicePlan WithStrategy(ServicePlan plan, Random random)
    {
        TimeSpan? hold = random.Next(3) switch { 0 => null, 1 => TimeSpan.Zero, _ => TimeSpan.FromMinutes(1) };
        return random.Next(3) switch
        {
            0 => plan,
            1 => plan with { Strategy = new StrategyPlan(StrategyKind.Canary, random.Next(1, plan.Slots.Length + 1), hold) },
            _ => plan with
            {
                Strategy = new StrategyPlan(StrategyKind.BlueGreen, plan.Slots.Length, hold),
                Slo = null,
                Policy = plan.Policy with { Order = UpdateOrder.StartFirst },
                Slots = random.Next(2) == 0 ? plan.Slots : plan.Slots.Add(new SlotPlan { Slot = 99, Action = SlotAction.Remove, Old = [new Placement("h1", "old", true)] }),
            },
        };
    }

    private static void Disturb(RolloutRun run, Random random)
    {
        if (run.State.Phase == RolloutPhase.Paused)
        {
            run.Tell(random.Next(3) switch
            {
                0 => new RolloutEvent.Resumed { At = run.Now },
                1 => new RolloutEvent.AbortRequested("tired") { At = run.Now },
                _ => new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now },
            });
            return;
        }
        if (run.State.Phase == RolloutPhase.Holding && random.Next(2) == 0)
        {
            Hurry(run, random);
            return;
        }
        if (run.Open.Count == 0)
        {
            run.Wait(TimeSpan.FromSeconds(1));
            return;
        }
        var command = run.Open[random.Next(run.Open.Count)];
        var slot = run.State.Slot(command.Slot)!;
        switch (random.Next(20))
        {
            case 0:
                run.Tell(new RolloutEvent.HostLost($"h{random.Next(1, 7)}") { At = run.Now });
                break;
            case 1:
                run.Wait(TimeSpan.FromMinutes(random.Next(1, 12)));
                break;
            case 2 or 3 when command is not (RolloutCommand.Prune or RolloutCommand.Prefetch):
                run.Tell(new RolloutEvent.ReplicaFailed(command.Slot, slot.Attempt, new FailureReport { Stage = ReplicaStage.Gate, Message = "seeded" }) { At = run.Now });
                break;
            default:
                run.Tell(AnswerTo(command, run));
                break;
        }
    }

    private static void Hurry(RolloutRun run, Random random)
    {
        var slot = run.State.Slots[random.Next(run.State.Slots.Length)];
        run.Tell(random.Next(8) switch
        {
            0 => new RolloutEvent.ReplicaFailed(slot.Plan.Slot, slot.Attempt, new FailureReport { Stage = ReplicaStage.Monitor, Message = "seeded" }) { At = run.Now },
            1 => new RolloutEvent.HostLost($"h{random.Next(1, 7)}") { At = run.Now },
            2 => new RolloutEvent.AbortRequested("tired") { At = run.Now },
            3 => new RolloutEvent.UnwindStarted(RolloutOutcome.Superseded, "newer") { At = run.Now },
            _ => new RolloutEvent.Promoted(OnRequest: true) { At = run.Now },
        });
    }

    private static RolloutEvent AnswerTo(RolloutCommand command, RolloutRun run) => command switch
    {
        RolloutCommand.Prepare c => new RolloutEvent.ReplicaPrepared(c.Slot, c.Attempt) { At = run.Now },
        RolloutCommand.Withhold c => new RolloutEvent.ReplicaWithheld(c.Slot, c.Attempt) { At = run.Now },
        RolloutCommand.Switch c => new RolloutEvent.ReplicaPublished(c.Slot, c.Attempt) { At = run.Now },
        RolloutCommand.Start c => new RolloutEvent.ReplicaPassed(c.Slot, c.Attempt) { At = run.Now },
        RolloutCommand.Publish c => new RolloutEvent.ReplicaPublished(c.Slot, c.Attempt) { At = run.Now },
        RolloutCommand.Judge c => new RolloutEvent.ReplicaJudged(c.Slot, c.Attempt, null) { At = run.Now },
        RolloutCommand.Drain c => new RolloutEvent.OldDrained(c.Slot, c.Host, c.Revision) { At = run.Now },
        RolloutCommand.StopOld c => new RolloutEvent.OldStopped(c.Slot, c.Host, c.Revision) { At = run.Now },
        RolloutCommand.CancelNew c => new RolloutEvent.NewCancelled(c.Slot, c.Attempt) { At = run.Now },
        RolloutCommand.Reassign c => new RolloutEvent.SlotReassigned(c.Slot, "spare") { At = run.Now },
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    /// <summary>Independent of the machine: before its promotion blue-green touches nothing old and shows nothing new, and a canary touches nothing but its own slots; what is withheld comes before what is started.</summary>
    private static void HoldToStrategy(RolloutRun run, ServicePlan plan)
    {
        if (plan.Strategy is not { } strategy || run.Events.OfType<RolloutEvent.Promoted>().Any())
        {
            return;
        }
        if (strategy.Kind == StrategyKind.Canary)
        {
            Assert.All(run.Open, c => Assert.Equal(0, run.State.Slot(c.Slot)!.Batch));
            return;
        }
        Assert.DoesNotContain(run.Open, c => c is RolloutCommand.Drain or RolloutCommand.StopOld or RolloutCommand.Publish or RolloutCommand.Switch or RolloutCommand.Prepare);
        Assert.All(run.Open.OfType<RolloutCommand.Start>(), c => Assert.Contains(run.Events, e => e is RolloutEvent.ReplicaWithheld w && w.Slot == c.Slot && w.Attempt == c.Attempt));
        if (run.State.Phase == RolloutPhase.Ended)
        {
            Assert.DoesNotContain(run.State.Slots, s => s.Phase is SlotPhase.Staged or SlotPhase.Done);
        }
    }

    /// <summary>Independent of the machine: never more slots that replace on their way than a batch holds, no old is stopped that has not left the traffic, under start-first none leaves it whose new one is not known everywhere, or not judged where it has to be, and whoever waits for its judgement is judged once nothing else is on its way.</summary>
    private static void Hold(RolloutRun run, ServicePlan plan)
    {
        HoldToStrategy(run, plan);
        var canary = plan.Strategy is { Kind: StrategyKind.Canary } first && run.State.Batch == 0 ? first.First : 0;
        var switched = plan.Strategy is { Kind: StrategyKind.BlueGreen };
        var limit = plan.Policy.Parallelism == 0 ? int.MaxValue : Math.Max(canary, plan.Policy.Parallelism);
        var working = run.State.Slots.Count(s => s.Batch == run.State.Batch && s.Phase is (SlotPhase.Preparing or SlotPhase.Yielding or SlotPhase.StoppingOld or SlotPhase.Withholding or SlotPhase.Starting or SlotPhase.Publishing or SlotPhase.Judging) && !(switched && s.Phase == SlotPhase.Publishing) && (canary > 0 || !s.Plan.Old.IsEmpty));
        Assert.True(working <= limit, $"{working} slots at once, parallelism {limit}");
        if (plan.Policy.Order == UpdateOrder.StartFirst)
        {
            var published = (plan.Slo is null ? run.Events.OfType<RolloutEvent.ReplicaPublished>().Select(e => e.Slot) : run.Events.OfType<RolloutEvent.ReplicaJudged>().Select(e => e.Slot)).ToHashSet();
            Assert.All(run.Open.OfType<RolloutCommand.Drain>().Where(c => c.Slot != 99), c => Assert.Contains(c.Slot, published));
        }
        var onTheirWay = run.State.Slots.Any(s => s.Phase is SlotPhase.Preparing or SlotPhase.Yielding or SlotPhase.StoppingOld or SlotPhase.Starting or SlotPhase.Publishing or SlotPhase.Reassigning);
        if (run.State.Slots.Any(s => s.Phase == SlotPhase.Judging) && !onTheirWay)
        {
            Assert.Equal(run.State.Slots.Where(s => s.Phase == SlotPhase.Judging).Select(s => s.Plan.Slot), run.Open.OfType<RolloutCommand.Judge>().Select(c => c.Slot).Distinct().Order());
        }
        var drained = run.Events.OfType<RolloutEvent.OldDrained>().Select(e => (e.Slot, e.Host, e.Revision)).ToHashSet();
        Assert.All(run.Open.OfType<RolloutCommand.StopOld>(), c => Assert.Contains((c.Slot, c.Host, c.Revision), drained));
    }

    private static void AssertReplays(RolloutRun run, ServicePlan plan)
    {
        var replayed = run.Events
            .Select(e => JsonSerializer.Deserialize(JsonSerializer.Serialize(e, StoreJson.Default.RolloutEvent), StoreJson.Default.RolloutEvent)!)
            .Aggregate(Rollout.Begin(plan), Rollout.Apply);
        Assert.Equal(run.State.Outcome, replayed.Outcome);
        Assert.Equal(run.State.Slots.Select(s => (s.Plan.Slot, s.Phase, s.Host, s.Attempt)), replayed.Slots.Select(s => (s.Plan.Slot, s.Phase, s.Host, s.Attempt)));
    }
}
