using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Changes;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Traffic;

/// <summary>What a file changes of a service's ports, routes and times comes with the promotion of its canary or blue-green, and not before.</summary>
public sealed class UnpromotedTrafficTests : IDisposable
{
    private readonly StackBench bench = new("h1", "h2");

    public UnpromotedTrafficTests()
    {
        foreach (var host in bench.Hosts.Values)
        {
            host.HasAddresses = true;
        }
    }

    public void Dispose() => bench.Dispose();

    [Theory]
    [InlineData(StrategyKind.BlueGreen)]
    [InlineData(StrategyKind.Canary)]
    public void Held_update_listens_on_what_was_until_it_is_promoted_over_a_restart_of_the_coordinator(StrategyKind kind)
    {
        bench.Deploy(Web("app:v1", 8080, kind));
        Assert.Equal("8080", Shown);
        Assert.Equal(ChangeOutcome.Held, End(bench.Deploy(Web("app:v2", 9090, kind))).Outcome);
        Assert.Equal("8080", Shown);

        bench.CrashAndRestart();
        bench.Advance(5);
        Assert.Equal("8080", Shown);

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("9090", Shown);
        Assert.Empty(bench.State.Head.Unpromoted);
    }

    [Fact]
    public void No_table_of_a_switch_has_the_new_ports_without_the_new_replicas_or_the_reverse()
    {
        bench.Deploy(Web("app:v1", 8080, StrategyKind.BlueGreen));
        bench.Deploy(Web("app:v2", 9090, StrategyKind.BlueGreen));
        var old = bench["h1"].Replicas.Single(r => r.Image.StartsWith("app:v1", StringComparison.Ordinal)).Key.Revision;
        bench.Forget();
        bench.Ask(new ChangeRequest.Promote { Stack = World.Stack });

        var tables = bench["h1"].Commands.OfType<AgentCommand.ApplyTraffic>().Select(a => a.Table.Services.Single()).ToList();
        Assert.NotEmpty(tables);
        Assert.All(tables, t => Assert.Equal(t.Spec.Ports[0].Published == 9090, t.Endpoints.Any(e => e.State == EndpointState.Serving && e.Replica.Revision != old)));
    }

    [Fact]
    public void Aborted_before_its_promotion_the_old_replicas_keep_their_ports()
    {
        bench.Deploy(Web("app:v1", 8080, StrategyKind.BlueGreen));
        bench.Deploy(Web("app:v2", 9090, StrategyKind.BlueGreen));

        Assert.Equal(ChangeOutcome.Aborted, End(bench.Ask(new ChangeRequest.Abort { Stack = World.Stack })).Outcome);
        Assert.Equal("8080", Shown);

        bench.Deploy(Web("app:v3", 7070, StrategyKind.BlueGreen));
        Assert.Equal("8080", Shown);
        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("7070", Shown);
    }

    [Fact]
    public void Deploy_of_an_aborted_canary_that_was_all_of_it_shows_what_the_file_says()
    {
        bench.Deploy(Web("app:v1", 8080, StrategyKind.Canary, canary: 2));
        bench.Deploy(Web("app:v2", 9090, StrategyKind.Canary, canary: 2));
        Assert.Equal(ChangeOutcome.Aborted, End(bench.Ask(new ChangeRequest.Abort { Stack = World.Stack })).Outcome);
        Assert.Equal(("8080", "web.1=app:v2 web.2=app:v2"), (Shown, bench.Running));

        Assert.Equal(ChangeOutcome.NothingToDo, End(bench.Deploy(Web("app:v2", 9090, StrategyKind.Canary, canary: 2))).Outcome);

        Assert.Empty(bench.State.Head.Unpromoted);
        Assert.Equal("9090", Shown);
    }

    [Fact]
    public void Rolling_update_listens_at_once()
    {
        bench.Deploy(Web("app:v1", 8080, StrategyKind.Rolling));
        bench.Hang(_ => true);
        bench.Deploy(Web("app:v2", 9090, StrategyKind.Rolling));

        Assert.Equal("9090 8080", Shown);
    }

    private string Shown => string.Join(' ', bench["h1"].Commands.OfType<AgentCommand.ApplyTraffic>().Last().Table.Services.Single().Spec.Ports.Select(p => p.Published));

    private static StackSpec Web(string image, int port, StrategyKind kind, int? canary = null)
    {
        var web = Service("web", image, replicas: 2);
        return Spec(web with
        {
            Deploy = web.Deploy with { Strategy = new StrategySpec { Kind = kind, IsManual = kind != StrategyKind.Rolling, Replicas = canary } },
            Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = port, Target = 80 }] },
        });
    }
}
