using Orchestrator.Api;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>What takes the traffic before and behind a switch, where something was left half done.</summary>
public sealed class BlueGreenTests : IDisposable
{
    private readonly StackBench bench = new("h1", "h2");

    public BlueGreenTests()
    {
        foreach (var host in bench.Hosts.Values)
        {
            host.HasAddresses = true;
        }
    }

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Old_replica_that_did_not_stop_is_left_out_until_the_way_back_to_its_revision_is_promoted()
    {
        bench.Deploy(Web("app:v1"));
        bench.Deploy(Web("app:v2"));
        bench["h2"].IsMute = c => c is AgentCommand.StopReplica;
        var first = bench.Ask(new ChangeRequest.Promote { Stack = World.Stack });
        bench.Advance(1000);
        Assert.Equal(ChangeOutcome.Paused, End(first).Outcome);
        Assert.Equal("v2 v2", Serving);
        bench["h2"].IsMute = _ => false;

        Assert.Equal(ChangeOutcome.Held, End(bench.Deploy(Web("app:v1"))).Outcome);
        Assert.Equal("v2 v2", Serving);
        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("v1 v1", Serving);
        Assert.Equal("web.1=app:v1 web.2=app:v1", bench.Running);
    }

    [Theory]
    [InlineData(ServiceMode.Replicated)]
    [InlineData(ServiceMode.Global)]
    public void What_is_held_out_of_the_traffic_does_not_serve_before_it_is_promoted(ServiceMode mode)
    {
        bench.Deploy(Web("app:v1", mode));
        Assert.Equal(ChangeOutcome.Held, End(bench.Deploy(Web("app:v2", mode))).Outcome);

        var held = Assert.Single(bench.Explain().Services);
        Assert.Equal((2, 2, 2, 2), (held.Serving, held.Desired, held.Withheld, Assert.Single(held.ServingOld).Value));
        Assert.Equal(2, held.Replicas.Count(r => r.Why.Contains("it is ready, and out of the traffic until the switch")));

        foreach (var host in bench.Hosts.Values.Where(h => h.Replicas.Any(r => r.Key.Slot == 1)))
        {
            host.Stop(r => r.Key.Slot == 1 && r.Image.StartsWith("app:v1", StringComparison.Ordinal));
        }
        bench.Settle();
        Assert.Equal(1, Assert.Single(bench.Explain().Services).Serving);

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        var promoted = Assert.Single(bench.Explain().Services);
        Assert.Equal((2, 0, 0), (promoted.Serving, promoted.Withheld, promoted.ServingOld.Count));
    }

    [Fact]
    public void Global_slot_whose_host_is_back_while_the_others_are_held_is_switched_with_them()
    {
        bench.Deploy(Web("app:v1", ServiceMode.Global));
        bench.Deploy(Web("app:v2", ServiceMode.Global), isAtomic: true);
        bench.Disconnect("h2");
        bench.Advance(60);
        Assert.Equal("v1", Serving);
        bench.Connect("h2");
        bench.Advance(60);
        Assert.Equal("v1 v1", Serving);

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("v2 v2", Serving);
    }

    [Fact]
    public void Promoted_set_stands_also_when_somebody_aborts_the_change_and_is_what_comes_back_with_another_host()
    {
        bench.Deploy(Web("app:v1"));
        bench.Deploy(Web("app:v2"));
        foreach (var host in bench.Hosts.Values)
        {
            host.IsMute = c => c is AgentCommand.StopReplica;
        }
        var promoted = bench.Ask(new ChangeRequest.Promote { Stack = World.Stack });
        bench.Advance(10);
        Assert.Equal("v2 v2", Serving);
        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        foreach (var host in bench.Hosts.Values)
        {
            host.Speak();
        }
        bench.Advance(60);
        Assert.Equal(ChangeOutcome.Aborted, End(promoted).Outcome);

        bench.Disconnect("h2");
        bench.Advance(60);
        Assert.Equal("v2 v2", Serving);
        bench.Connect("h2");
        bench.Advance(60);
        Assert.Equal("v2 v2", Serving);
    }

    [Fact]
    public void Old_replica_that_was_drained_and_did_not_stop_does_not_fill_the_slot_of_a_lost_one()
    {
        bench.Deploy(Web("app:v1"));
        bench.Deploy(Web("app:v2"));
        bench["h1"].IsMute = c => c is AgentCommand.StopReplica;
        bench.Ask(new ChangeRequest.Promote { Stack = World.Stack });
        bench.Advance(1000);
        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        bench.Advance(1000);
        Assert.Equal("v2 v2", Serving);

        bench["h1"].IsMute = _ => false;
        bench.Disconnect("h2");
        bench.Advance(60);
        Assert.Equal("v2 v2", Serving);
    }

    /// <summary>By the newest table, in order of the slots.</summary>
    private string Serving
    {
        get
        {
            var images = bench.Hosts.Values.SelectMany(h => h.Replicas).DistinctBy(r => r.Key).ToDictionary(r => r.Key, r => r.Image[4..6]);
            var table = bench["h1"].Commands.OfType<AgentCommand.ApplyTraffic>().Last().Table;
            return string.Join(' ', table.Services.Single().Endpoints.Where(e => e.State == EndpointState.Serving).OrderBy(e => e.Replica.Slot).Select(e => images[e.Replica]));
        }
    }

    private static StackSpec Web(string image, ServiceMode mode = ServiceMode.Replicated)
    {
        var web = Service("web", image, replicas: 2);
        return Spec(web with
        {
            Deploy = web.Deploy with { Mode = mode, Strategy = new StrategySpec { Kind = StrategyKind.BlueGreen, IsManual = true } },
            Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] },
        });
    }
}
