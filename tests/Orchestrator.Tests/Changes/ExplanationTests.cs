using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Changes;

/// <summary>What led to each replica.</summary>
public sealed class ExplanationTests
{
    private static readonly ServiceSpec Old = World.Service("web", "app:v1");
    private static readonly ServiceSpec New = World.Service("web", "app:v2");
    private static readonly string OldId = World.IdOf(Old);
    private static readonly string NewId = World.IdOf(New);

    [Fact]
    public void Repair_is_told_from_its_cause_on()
    {
        var replica = Assert.Single(Explain(
            World.Hosts("h1").Run("h1", New, 1),
            [.. Deployed("h1", NewId), .. Repaired("h1", "unhealthy")]));

        Assert.Equal(
            [
                "web.1 on h1: brought back: unhealthy",
                $"web.1 on h1: {NewId[..8]} is removed",
                $"web.1 on h1: {NewId[..8]} starts",
                $"web.1 on h1: {NewId[..8]} serves",
                "web.1 on h1: repaired",
            ],
            Words(replica));
    }

    [Fact]
    public void Many_tries_leave_the_cause_and_the_latest_steps()
    {
        var tries = Enumerable.Range(1, 50).Select(n => Moved("h1", NewId, n % 2 == 0 ? ReplicaStep.Starting : ReplicaStep.Removed));
        var replica = Assert.Single(Explain(World.Hosts("h1").Run("h1", New, 1), [.. Deployed("h1", NewId), Began("h1", "unhealthy"), .. tries]));

        Assert.Equal(8, replica.Why.Length);
        Assert.EndsWith("brought back: unhealthy", replica.Why[0], StringComparison.Ordinal);
        Assert.EndsWith("starts", replica.Why[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h1")]
    [InlineData("h2")]
    public void Two_containers_of_a_slot_have_each_its_own_lines(string host)
    {
        var replicas = Explain(
            World.Hosts("h1", "h2").Run("h1", Old, 1).Run(host, New, 1, ReplicaState.Exited),
            [.. Deployed("h1", OldId), Planned(host, NewId, "image app:v1 → app:v2"), Moved(host, NewId, ReplicaStep.Starting), .. StackEvents.Of(new ChangeEvent.ReplicaFailed("web", 1, host, NewId, StackBench.Crash()))]);

        Assert.Equal(
            [$"web.1 on h1: new; placed there: most room", $"web.1 on h1: {OldId[..8]} starts", $"web.1 on h1: {OldId[..8]} serves"],
            Words(replicas.Single(r => r.State == "running")));
        Assert.Equal(
            [$"web.1 on {host}: image app:v1 → app:v2; placed there: most room", $"web.1 on {host}: {NewId[..8]} starts", $"web.1 on {host}: failed: it exited with code 1, before it was ready"],
            Words(replicas.Single(r => r.State == "exited")));
    }

    [Fact]
    public void Event_that_names_no_revision_is_told_of_one_container_only()
    {
        var replicas = Explain(
            World.Hosts("h1").Run("h1", Old, 1).Run("h1", New, 1),
            [StackEvents.Replica(StackEventKind.CrashLoop, "web", 1, null, "crash loop"), Moved("h1", NewId, ReplicaStep.Published) with { Revision = null }]);

        Assert.Equal([0, 2], replicas.Select(r => r.Why.Count(w => w.Contains("crash loop", StringComparison.Ordinal) || w.EndsWith("serves", StringComparison.Ordinal))).Order());
    }

    [Fact]
    public void Change_of_the_service_that_has_not_come_to_the_slot_is_not_its_cause()
    {
        var later = new StackEvent { Kind = StackEventKind.Planned, Service = "web", Revision = NewId[..8], Message = "web: 1 of 2 replicas is missing; 1 replica" };
        var replica = Assert.Single(Explain(World.Hosts("h1").Run("h1", New, 1), [.. Repaired("h1", "unhealthy"), later]));

        Assert.Equal("web.1 on h1: brought back: unhealthy", Words(replica)[0]);
    }

    [Fact]
    public void Slot_without_a_container_is_told_all_that_led_to_it()
    {
        var replica = Assert.Single(Explain(World.Hosts("h1"), [.. Deployed("h1", OldId), Began("h2", "lost with its host"), Moved("h1", OldId, ReplicaStep.Removed)]));

        Assert.Equal(["web.1 on h2: brought back: lost with its host", $"web.1 on h1: {OldId[..8]} is removed"], Words(replica));
    }

    private static ImmutableArray<ReplicaExplanation> Explain(FleetSnapshot fleet, ImmutableArray<StackEvent> events)
    {
        var state = new StackState(new StackHead { Stack = World.Stack, Current = 2, LastRevision = 2 }, [World.Revision(2, New)], null, null);
        return Assert.Single(new Explanation(state, fleet, events, isRepaired: true, World.Start).View(null).Services).Replicas;
    }

    /// <summary>Those of the events, without their times.</summary>
    private static string[] Words(ReplicaExplanation replica) => [.. replica.Why.Where(w => w.StartsWith("00:00:00Z ", StringComparison.Ordinal)).Select(w => w["00:00:00Z ".Length..])];

    private static IEnumerable<StackEvent> Deployed(string host, string revision) =>
        [Planned(host, revision, "new"), Moved(host, revision, ReplicaStep.Starting), Moved(host, revision, ReplicaStep.Published)];

    private static IEnumerable<StackEvent> Repaired(string host, string why) =>
    [
        Began(host, why),
        Moved(host, NewId, ReplicaStep.Removed),
        Moved(host, NewId, ReplicaStep.Starting),
        Moved(host, NewId, ReplicaStep.Published),
        StackEvents.Replica(StackEventKind.RepairEnded, "web", 1, host, "repaired", NewId),
    ];

    private static StackEvent Began(string host, string why) => StackEvents.Replica(StackEventKind.RepairBegan, "web", 1, host, $"brought back: {why}", NewId);

    private static StackEvent Planned(string host, string revision, string why) => StackEvents.Replica(StackEventKind.Planned, "web", 1, host, $"{why}; placed there: most room", revision);

    private static StackEvent Moved(string host, string revision, ReplicaStep step) => Assert.Single(StackEvents.Of(new ChangeEvent.ReplicaMoved("web", 1, host, revision, step, null)));
}
