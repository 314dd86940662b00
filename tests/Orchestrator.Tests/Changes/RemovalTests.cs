using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>A stack that is to go goes, whatever a host answers first, unless somebody deploys it again.</summary>
public sealed class RemovalTests : IDisposable
{
    private readonly StackBench bench = new("h1", "h2");

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Removal_that_a_host_could_not_do_is_tried_again_and_nothing_comes_back_meanwhile()
    {
        bench.Deploy(WithData("app:v1", "data"));
        bench["h1"].RemovalError = "the volume is in use";

        var end = End(Remove());
        Assert.Equal(ChangeOutcome.Failed, end.Outcome);
        Assert.Contains("h1: the volume is in use; it is tried again in 10 s", end.Message, StringComparison.Ordinal);
        bench.Advance(8);
        Assert.DoesNotContain(bench.Events, e => e.Kind == StackEventKind.RepairBegan);

        bench["h1"].RemovalError = null;
        bench.Advance(8);
        Assert.Contains("there is no stack shop", bench.Query<StackMessage.Rejected>(new StackMessage.GetState(World.Stack)).Message, StringComparison.Ordinal);
        Assert.Equal("", bench.Running);
    }

    [Fact]
    public void Deploy_keeps_a_stack_whose_removal_failed_and_nothing_else_does()
    {
        bench.Deploy(WithData("app:v1", "data"));
        bench.Deploy(WithData("app:v2", "data"));
        bench["h1"].RemovalError = bench["h2"].RemovalError = "no";
        Remove();

        Assert.Contains("is being removed", Assert.IsType<StackMessage.Rejected>(Assert.Single(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack }))).Message, StringComparison.Ordinal);
        Assert.Equal(ChangeOutcome.NothingToDo, End(bench.Deploy(WithData("app:v2", "data"))).Outcome);

        bench.Forget();
        bench.Advance(600);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
        Assert.Empty(Removals());
        Assert.Equal((false, 0), (bench.State.Head.IsRemoving, bench.State.Head.RemovingVolumes.Length));
    }

    [Fact]
    public void Volumes_of_every_revision_go_even_when_the_coordinator_dies_meanwhile()
    {
        bench.Deploy(WithData("app:v1", "old"));
        bench.Deploy(WithData("app:v2", "new"));
        bench["h2"].RemovalError = "no";
        Remove();
        Assert.Equal(["shop_new", "shop_old"], Removals()[0].Volumes.Order(StringComparer.Ordinal));

        bench.Forget();
        bench["h2"].RemovalError = null;
        bench.CrashAndRestart();
        bench.Advance(30);

        Assert.Equal(["shop_new", "shop_old"], Removals()[0].Volumes.Order(StringComparer.Ordinal));
        Assert.Empty(bench.Query<ImmutableArray<StackState>>(new StackMessage.GetStates()));
    }

    [Fact]
    public void Volumes_of_a_host_that_is_down_go_when_it_is_back_also_after_a_restart_of_the_coordinator()
    {
        bench.Deploy(WithData("app:v1", "data"));
        bench.Disconnect("h2");
        bench.Advance(20);

        var heard = Remove();
        Assert.Contains("host h2 does not answer: what it has of the stack, its volumes with their data too, is removed when it is back", Assert.Single(heard.OfType<StackMessage.Followed>().Select(f => f.Event).OfType<ChangeEvent.Warning>()).Message, StringComparison.Ordinal);
        Assert.Equal(ChangeOutcome.Done, End(heard).Outcome);
        bench.Forget();
        bench.CrashAndRestart();
        bench.Advance(5);

        Assert.Equal(["shop_data"], Assert.Single(Removals()).Volumes.AsEnumerable());
        Assert.Equal("", bench.Running);
    }

    [Fact]
    public void Volumes_of_a_first_deploy_that_was_taken_back_go_too()
    {
        bench.FailImage("app");
        bench.Deploy(WithData("app:v1", "data"), isAtomic: true);
        Assert.Null(bench.State.Head.Current);

        Remove();

        Assert.Equal(["shop_data"], Removals()[0].Volumes.AsEnumerable());
    }

    private static StackSpec WithData(string image, string volume) => Spec(Service("web", image, replicas: 2)) with
    {
        Volumes = ImmutableSortedDictionary<string, VolumeSpec>.Empty.Add(volume, new VolumeSpec { EngineName = $"shop_{volume}" }),
    };

    private List<object> Remove() => bench.Ask(new ChangeRequest.Remove { Stack = World.Stack, Volumes = true });

    private List<AgentCommand.RemoveStack> Removals() => [.. bench.Hosts.Values.SelectMany(h => h.Commands).OfType<AgentCommand.RemoveStack>()];
}
