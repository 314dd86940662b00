using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Traffic;

public sealed class TrafficActorTests : ActorTestKit
{
    private const string Web = "shop-web-1-abc@h1";

    private readonly TestProbe ingress;
    private readonly TestProbe names;
    private readonly IActorRef router;

    public TrafficActorTests()
    {
        ingress = CreateTestProbe();
        names = CreateTestProbe();
        var sinks = ImmutableSortedDictionary<string, Props>.Empty
            .Add("ingress", Relay.To(ingress))
            .Add("names", Relay.To(names));
        var parent = TestActor;
        router = Sys.ActorOf(Props.Create(() => new Parent(parent, sinks)));
    }

    [Fact]
    public void Nothing_is_passed_on_before_the_table_of_every_listed_stack_is_here()
    {
        Begin("blog", "shop");
        Tell(Table("shop", 4));
        ingress.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Tell(Table("blog", 7));
        Assert.Equal(["blog", "shop"], ingress.ExpectMsg<SinkMessage.Apply>().Traffic.Stacks.Keys);
    }

    [Fact]
    public void Version_is_reported_when_the_last_sink_shows_it()
    {
        Begin("shop");
        Tell(Table("shop", 4));
        Assert.Equal(0, Report(0).Version);
        Applied(ingress, "ingress");
        Applied(names, "names");
        Assert.Equal(4, Report(4).Version);
    }

    [Fact]
    public void Sink_that_skips_a_number_and_shows_the_next_has_shown_both()
    {
        Begin("shop");
        Tell(Table("shop", 4));
        Tell(Table("shop", 5));
        ingress.ExpectMsg<SinkMessage.Apply>();
        names.ExpectMsg<SinkMessage.Apply>();
        Applied(ingress, "ingress");
        Applied(names, "names");
        Report(5);
    }

    [Fact]
    public void Endpoint_is_drained_when_every_sink_says_so_after_it_was_asked_to()
    {
        Begin("shop");
        Tell(Table("shop", 4, Web));
        var first = ingress.ExpectMsg<SinkMessage.Apply>();
        names.ExpectMsg<SinkMessage.Apply>();

        // Word of an earlier drain that arrives late: the sink does not show this traffic yet.
        ingress.Send(router, new SinkMessage.Drained("ingress", [Web]));
        names.Send(router, new SinkMessage.Drained("names", [Web]));
        names.Send(router, new SinkMessage.Applied("names", first.Number));
        Assert.Empty(Report(0).Drained);
        ingress.Send(router, new SinkMessage.Applied("ingress", first.Number));
        Assert.Equal(Web, Assert.Single(Report(4).Drained));
    }

    [Fact]
    public void Hindrance_is_reported_and_ends_when_the_sink_shows_the_traffic()
    {
        Begin("shop");
        Tell(Table("shop", 4));
        var apply = ingress.ExpectMsg<SinkMessage.Apply>();
        Applied(names, "names");
        ingress.Send(router, new SinkMessage.Hindered("ingress", apply.Number, new TrafficProblem("ingress", "port 80 is taken", IsFinal: true)));
        FishForMessage<AgentEvent.TrafficApplied>(r => r.Problems is [{ Message: "port 80 is taken" }]);
        ingress.Send(router, new SinkMessage.Applied("ingress", apply.Number));
        FishForMessage<AgentEvent.TrafficApplied>(r => r is { Version: 4, Problems.IsEmpty: true });
    }

    [Fact]
    public void Stack_that_is_refused_stays_behind_alone_until_it_is_shown()
    {
        Begin("blog", "shop");
        Tell(Table("blog", 1));
        Tell(Table("shop", 4));
        var apply = ingress.ExpectMsg<SinkMessage.Apply>();
        Applied(names, "names");
        var taken = new TrafficProblem("ingress", "port 80 is taken", IsFinal: true);
        ingress.Send(router, new SinkMessage.Applied("ingress", apply.Number) { Refused = ImmutableSortedDictionary<string, TrafficProblem>.Empty.Add("blog", taken) });

        FishForMessage<AgentEvent.TrafficApplied>(r => r is { Stack: "blog", Version: 0, Problems: [{ IsFinal: true, Message: "port 80 is taken" }] });
        Assert.Empty(Report(4).Problems);
        ingress.Send(router, new SinkMessage.Applied("ingress", apply.Number));
        FishForMessage<AgentEvent.TrafficApplied>(r => r is { Stack: "blog", Version: 1, Problems.IsEmpty: true });
    }

    [Fact]
    public void New_coordinator_is_told_everything_again_and_stacks_it_does_not_list_are_taken_away()
    {
        Begin("blog", "shop");
        Tell(Table("blog", 1));
        Tell(Table("shop", 4));
        Applied(ingress, "ingress");
        Applied(names, "names");
        Report(4);

        Begin("shop");
        Assert.Equal(["shop"], ingress.ExpectMsg<SinkMessage.Apply>().Traffic.Stacks.Keys);
        Report(4);
    }

    [Fact]
    public void Ingress_is_asked_what_it_has_counted_and_only_the_stacks_own_is_told()
    {
        Begin("shop");
        Tell(Table("shop", 4, Web));
        ingress.ExpectMsg<SinkMessage.Apply>();
        router.Tell(new AgentCommand.CountTraffic { CommandId = "count", Stack = "shop" });
        ingress.ExpectMsg<IngressMessage.GetCounters>();
        var counters = ImmutableSortedDictionary<string, EndpointCounters>.Empty.Add(Web, new EndpointCounters(10, 2, 3, 0, 13, 1)).Add("blog-web-1-abc@h1", EndpointCounters.None);
        ingress.Reply(new IngressMessage.Counters(1, counters, null));

        var counted = FishForMessage<AgentEvent.TrafficCounted>(_ => true);
        Assert.Equal(("count", null), (counted.CommandId, counted.Error));
        Assert.Equal(new EndpointTally(Web, 13, 5, []), Assert.Single(counted.Endpoints));
    }

    [Fact]
    public void Change_of_the_version_that_is_here_is_passed_on_as_the_table_it_leads_to()
    {
        Begin("shop");
        Tell(Table("shop", 4) with { Networks = ["shop_default"] });
        ingress.ExpectMsg<SinkMessage.Apply>();
        Change(4, Table("shop", 5, Web));
        var shown = ingress.ExpectMsg<SinkMessage.Apply>().Traffic.Stacks["shop"];
        Assert.Equal((5, Web, "shop_default"), (shown.Table.Version, Assert.Single(Assert.Single(shown.Table.Services).Endpoints).Id, Assert.Single(shown.Networks!.Value)));
    }

    /// <param name="here">0: none; the agent was restarted.</param>
    [Theory]
    [InlineData(0, "one before it, or the table itself, is lost")]
    [InlineData(3, "one before it is lost")]
    [InlineData(5, "it comes twice")]
    [InlineData(6, "a newer one has overtaken it")]
    public void Change_of_a_version_that_is_not_here_changes_nothing_and_the_whole_table_is_asked_for(long here, string because)
    {
        Assert.NotEmpty(because);
        Begin(here == 0 ? ["blog", "shop"] : ["shop"]);
        if (here > 0)
        {
            Tell(Table("shop", here));
            ingress.ExpectMsg<SinkMessage.Apply>();
        }

        Change(4, Table("shop", 5, Web));
        Assert.Equal("traffic/shop", FishForMessage<AgentEvent.TrafficMissed>(_ => true).CommandId);
        ingress.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    private void Change(long from, AgentCommand.ApplyTraffic to) => router.Tell(new AgentCommand.ChangeTraffic
    {
        CommandId = to.CommandId,
        Change = TableChange.Between(to.Table with { Version = from, Services = [to.Table.Services[0] with { Endpoints = [] }] }, to.Table),
    });

    private static AgentCommand.ApplyTraffic Table(string stack, long version, params string[] draining) => new()
    {
        CommandId = $"traffic/{stack}",
        Table = new TrafficTable
        {
            Stack = stack,
            Version = version,
            Services =
            [
                new ServiceTraffic
                {
                    Service = "web",
                    Spec = new TrafficSpec(),
                    Endpoints = [.. draining.Select(id => new Endpoint { Id = id, Replica = new ReplicaKey(stack, "web", 1, "abc"), Host = "h1", Address = "10.0.0.2", State = EndpointState.Draining })],
                },
            ],
        },
    };

    private void Begin(params string[] stacks) => router.Tell(new AgentCommand.BeginTraffic { CommandId = "begin", Stacks = [.. stacks] });

    private void Tell(AgentCommand.ApplyTraffic command) => router.Tell(command);

    private void Applied(TestProbe sink, string name) => sink.Send(router, new SinkMessage.Applied(name, sink.ExpectMsg<SinkMessage.Apply>().Number));

    private AgentEvent.TrafficApplied Report(long version) => FishForMessage<AgentEvent.TrafficApplied>(r => r.Stack == "shop" && r.Version == version);

    /// <summary>Stands where the agent does: passes commands down and reports up.</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(IActorRef test, ImmutableSortedDictionary<string, Props> sinks)
        {
            var child = Context.ActorOf(Props.Create(() => new TrafficActor(sinks, NullLogger.Instance)));
            Receive<AgentEvent>(test.Tell);
            ReceiveAny(child.Forward);
        }
    }

    private sealed class Relay : ReceiveActor
    {
        public Relay(IActorRef probe) => ReceiveAny(probe.Forward);

        public static Props To(TestProbe probe)
        {
            var target = probe.Ref;
            return Props.Create(() => new Relay(target));
        }
    }
}
