using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>A change is prepared while another one runs or is held, and only when it is accepted does that one end.</summary>
public sealed class PrepareFirstTests : IDisposable
{
    private StackBench bench = new("h1", "h2");

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Refused_deploy_leaves_what_runs_as_it_is_and_says_so()
    {
        var first = BeginUpdate();
        var before = Moves();
        bench["h1"].Objects = _ => "port 8080/tcp is not free";

        var refused = Refusal(bench.Deploy(Web("app:v3")));

        Assert.Equal(CoordinatorErrorKind.Invalid, refused.Kind);
        Assert.Contains("port 8080/tcp is not free", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith("The change of stack shop that is under way (to revision 2) is left as it is", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, Moves());
        Finish();
        Assert.Equal(ChangeOutcome.Done, End(first).Outcome);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Fact]
    public void Refused_scale_leaves_a_held_switch_staged()
    {
        var spec = Blue("app:v1");
        bench.Deploy(spec);
        Assert.Equal(ChangeOutcome.Held, End(bench.Deploy(Blue("app:v2"))).Outcome);

        var refused = Refusal(bench.Ask(new ChangeRequest.Scale { Stack = World.Stack, Replicas = ImmutableSortedDictionary<string, int>.Empty.Add("wab", 3) }));

        Assert.EndsWith("The change of stack shop that is held (to revision 2) is left as it is", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Promote { Stack = World.Stack })).Outcome);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Fact]
    public void Refused_rollback_leaves_a_paused_change_paused()
    {
        bench.FailImage("app:v1");
        Assert.Equal(ChangeOutcome.Paused, End(bench.Deploy(Web("app:v1"))).Outcome);

        var refused = Refusal(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack }));

        Assert.EndsWith("The change of stack shop that is paused (to revision 1) is left as it is", refused.Message, StringComparison.Ordinal);
        bench.FailImage("none");
        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Resume { Stack = World.Stack })).Outcome);
    }

    [Fact]
    public void Accepted_deploy_supersedes_and_asks_neither_registry_nor_host_a_second_time()
    {
        var first = BeginUpdate();
        bench.Forget();
        bench.Hang(_ => false);

        var second = bench.Deploy(Web("app:v3"));

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done), (End(first).Outcome, End(second).Outcome));
        var asked = bench.Hosts.Values.SelectMany(h => h.Commands).ToList();
        Assert.Single(asked.OfType<AgentCommand.ResolveImage>());
        Assert.Equal(2, asked.OfType<AgentCommand.Preflight>().Count());
        Assert.Equal("web.1=app:v3 web.2=app:v3", bench.Running);
    }

    [Fact]
    public void Refused_newer_one_does_not_take_the_place_of_an_older_one_that_is_still_being_prepared()
    {
        bench.Deploy(Web("app:v1"));
        bench["h1"].IsMute = c => c is AgentCommand.ResolveImage;
        var older = bench.Deploy(Web("app:v2"));
        Assert.Empty(older);

        Refusal(bench.Ask(new ChangeRequest.Scale { Stack = World.Stack, Replicas = ImmutableSortedDictionary<string, int>.Empty.Add("wab", 3) }));
        bench["h1"].Speak();
        bench.Settle();

        Assert.Equal(ChangeOutcome.Done, End(older).Outcome);
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Fact]
    public void Accepted_newer_one_takes_the_place_of_an_older_one_that_is_still_being_prepared()
    {
        bench.Deploy(Web("app:v1"));
        bench["h1"].IsMute = c => c is AgentCommand.ResolveImage;
        var older = bench.Deploy(Web("app:v2"));

        var newer = bench.Ask(new ChangeRequest.Scale { Stack = World.Stack, Replicas = ImmutableSortedDictionary<string, int>.Empty.Add("web", 3) });
        bench["h1"].Speak();
        bench.Settle();

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done), (End(older).Outcome, End(newer).Outcome));
        Assert.Equal("web.1=app:v1 web.2=app:v1 web.3=app:v1", bench.Running);
    }

    [Fact]
    public void Same_file_deployed_again_while_it_is_being_prepared_is_followed()
    {
        bench.Deploy(Web("app:v1"));
        bench["h1"].IsMute = c => c is AgentCommand.ResolveImage;
        var first = bench.Deploy(Web("app:v2"));

        var second = bench.Deploy(Web("app:v2"));
        bench["h1"].Speak();
        bench.Settle();

        Assert.Equal((ChangeOutcome.Done, ChangeOutcome.Done), (End(first).Outcome, End(second).Outcome));
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Fact]
    public void Same_services_of_a_file_deployed_again_while_they_are_being_prepared_are_followed_and_others_are_not()
    {
        bench.Deploy(Spec(Service("web"), Service("db"), Service("mail")));
        bench["h1"].IsMute = c => c is AgentCommand.ResolveImage;
        var file = Spec(Service("web", "app:v2"), Service("db", "app:v2"), Service("mail", "app:v2"));
        List<object> Some(params string[] services) => bench.Ask(new ChangeRequest.Deploy { Stack = World.Stack, Spec = file, Services = [.. services] });

        var other = Some("web");
        var (first, second) = (Some("web", "db"), Some("db", "web"));
        bench["h1"].Speak();
        bench.Settle();

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done, ChangeOutcome.Done), (End(other).Outcome, End(first).Outcome, End(second).Outcome));
        Assert.Equal("db.1=app:v2 mail.1=app:v1 web.1=app:v2", bench.Running);
    }

    [Fact]
    public void Same_file_deployed_again_while_it_is_accepted_and_waits_to_begin_is_followed()
    {
        BeginUpdate();
        foreach (var host in bench.Hosts.Values)
        {
            host.IsMute = c => c is AgentCommand.StopReplica;
        }
        var first = bench.Deploy(Web("app:v3"));
        Assert.Equal(ChangeOutcome.Superseded, bench.State.Active?.WindsDown);
        bench.Forget();

        var second = bench.Deploy(Web("app:v3"));

        Assert.DoesNotContain(bench.Hosts.Values.SelectMany(h => h.Commands), c => c is AgentCommand.ResolveImage);
        bench.Hang(_ => false);
        foreach (var host in bench.Hosts.Values)
        {
            host.Speak();
        }
        bench.Settle();
        Assert.Equal((ChangeOutcome.Done, ChangeOutcome.Done), (End(first).Outcome, End(second).Outcome));
        Assert.Equal("web.1=app:v3 web.2=app:v3", bench.Running);
    }

    [Fact]
    public void File_that_is_under_way_and_asked_for_after_another_is_carried_out_last()
    {
        BeginUpdate();
        bench["h1"].IsMute = c => c is AgentCommand.ResolveImage;
        var other = bench.Deploy(Web("app:v3"));
        var last = bench.Deploy(Web("app:v2"));
        bench.Hang(_ => false);
        bench["h1"].Speak();
        bench.Settle();

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done), (End(other).Outcome, End(last).Outcome));
        Assert.Equal("web.1=app:v2 web.2=app:v2", bench.Running);
    }

    [Fact]
    public void Whole_file_does_not_follow_a_deploy_of_some_of_its_services()
    {
        bench.Deploy(Spec(Service("web", "app:v1"), Service("db")));
        var file = Spec(Service("web", "app:v2"), Service("db"));
        bench.Hang(k => k.Service == "web");
        var partly = bench.Ask(new ChangeRequest.Deploy { Stack = World.Stack, Spec = file, Services = ["web"] });
        bench.Hang(_ => false);

        var whole = bench.Deploy(file);

        Assert.Equal((ChangeOutcome.Superseded, ChangeOutcome.Done), (End(partly).Outcome, End(whole).Outcome));
    }

    [Fact]
    public void Of_too_many_that_are_being_prepared_the_oldest_is_given_up()
    {
        bench.Deploy(Web("app:v1"));
        bench["h1"].IsMute = c => c is AgentCommand.ResolveImage;

        var deploys = Enumerable.Range(2, 5).Select(n => bench.Deploy(Web($"app:v{n}"))).ToList();

        Assert.Equal(ChangeOutcome.Superseded, End(deploys[0]).Outcome);
        Assert.All(deploys.Skip(1), Assert.Empty);
        bench["h1"].Speak();
        bench.Settle();
        Assert.Equal(ChangeOutcome.Done, End(deploys[^1]).Outcome);
        Assert.Equal("web.1=app:v6 web.2=app:v6", bench.Running);
    }

    [Fact]
    public void What_goes_with_the_change_under_way_is_in_nobodys_way()
    {
        bench.Dispose();
        bench = new StackBench("h1");
        bench["h1"].MemoryBytes = 2L << 30;
        bench["h1"].Uplink!.Tell(bench["h1"].Inventory());
        bench.Settle();
        bench.Deploy(Spec(Big("web")));
        bench.Hang(k => k.Service == "db");
        bench.Deploy(Spec(Big("web"), Big("db")));
        bench.Hang(_ => false);

        Assert.Equal(ChangeOutcome.Done, End(bench.Deploy(Spec(Big("web"), Big("cache")))).Outcome);
        Assert.Equal("cache.1=app:v1 web.1=app:v1", bench.Running);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Second_rollback_goes_further_back_than_the_one_it_supersedes(bool isPaused)
    {
        bench.Deploy(Web("app:v1"));
        bench.Deploy(Web("app:v2"));
        bench.Deploy(Web("app:v3"));
        bench.FailImage(isPaused ? "app:v2" : "none");
        bench.Hang(_ => !isPaused);
        var first = bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack });
        Assert.Equal((2, isPaused ? RevisionState.Paused : RevisionState.Running), (bench.State.Head.Current, bench.State.Revisions[1].State));
        bench.FailImage("none");
        bench.Hang(_ => false);

        var second = End(bench.Ask(new ChangeRequest.Rollback { Stack = World.Stack }));

        Assert.Equal((ChangeOutcome.Done, 1), (second.Outcome, second.Revision));
        Assert.Equal(isPaused ? ChangeOutcome.Paused : ChangeOutcome.Superseded, first.OfType<StackMessage.Followed>().Select(f => f.Event).OfType<ChangeEvent.Ended>().First().Outcome);
        Assert.Equal("web.1=app:v1 web.2=app:v1", bench.Running);
    }

    [Fact]
    public void What_both_preparations_of_a_superseding_deploy_warn_of_is_said_once()
    {
        bench.Hang(_ => true);
        bench.Deploy(Spec(Service("web", "app:v1", onFailure: FailureAction.Rollback)));
        bench.Hang(_ => false);

        var second = bench.Deploy(Spec(Service("web", "app:v2", onFailure: FailureAction.Rollback)));

        var plan = second.OfType<StackMessage.Followed>().Select(f => f.Event).OfType<ChangeEvent.Planned>().Last().Plan;
        Assert.Single(plan.Warnings, w => w.Contains("there is no good revision to go back to yet", StringComparison.Ordinal));
    }

    [Fact]
    public void Repair_under_way_outlives_a_refused_deploy()
    {
        bench.Deploy(Web("app:v1"));
        bench.Hang(_ => true);
        bench["h1"].Change("web", 1, _ => null);
        bench.Advance(5);
        var before = Moves();
        bench["h1"].Objects = bench["h2"].Objects = _ => "port 8080/tcp is not free";

        Refusal(bench.Deploy(Web("app:v2")));

        Assert.Equal(before, Moves());
        Finish();
        Assert.Equal("web.1=app:v1 web.2=app:v1", bench.Running);
    }

    [Fact]
    public void Plan_file_is_refused_beside_a_change_that_runs_and_leaves_it()
    {
        bench.Deploy(Web("app:v1"));
        bench.Hang(k => k.Slot == 1);
        var first = bench.Deploy(Web("app:v2"));
        var file = bench.Query<StackMessage.Planned>(new StackMessage.PlanOnly(new ChangeRequest.Deploy { Stack = World.Stack, Spec = Web("app:v3") })).File!;

        var refused = Refusal(bench.Ask(new ChangeRequest.Apply { Stack = World.Stack, File = file }));

        Assert.Equal(CoordinatorErrorKind.Conflict, refused.Kind);
        Assert.StartsWith("a change of stack shop is under way, and no plan holds beside it", refused.Message, StringComparison.Ordinal);
        Finish();
        Assert.Equal(ChangeOutcome.Done, End(first).Outcome);
    }

    [Fact]
    public void Plan_file_made_while_a_change_is_paused_supersedes_that()
    {
        bench.Deploy(Web("app:v1"));
        bench.Hang(k => k.Slot == 1);
        bench.Deploy(Web("app:v2"));
        bench.Ask(new ChangeRequest.Pause { Stack = World.Stack });
        Finish();
        bench.Hang(_ => false);
        var file = bench.Query<StackMessage.Planned>(new StackMessage.PlanOnly(new ChangeRequest.Deploy { Stack = World.Stack, Spec = Web("app:v3") })).File!;

        Assert.Equal(ChangeOutcome.Done, End(bench.Ask(new ChangeRequest.Apply { Stack = World.Stack, File = file })).Outcome);
        Assert.Equal("web.1=app:v3 web.2=app:v3", bench.Running);
    }

    [Fact]
    public void Neither_a_plan_nor_a_refused_deploy_gives_its_networks_addresses()
    {
        bench.Dispose();
        bench = new StackBench(new OverlayOptions(), ["h1"]);
        StackSpec With(string? subnet) => Web("app:v1") with { Networks = ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("default", new NetworkSpec { EngineName = "shop_default", Subnet = subnet }) };
        bench.Query<StackMessage.Planned>(new StackMessage.PlanOnly(new ChangeRequest.Deploy { Stack = World.Stack, Spec = With(null) }));
        bench["h1"].Objects = _ => "port 8080/tcp is not free";
        Refusal(bench.Deploy(With(null)));
        bench["h1"].Objects = _ => null;

        Assert.Equal(ChangeOutcome.Done, End(bench.Deploy(With("10.200.0.0/16"))).Outcome);
        Assert.Contains("it has the subnet 10.200.0.0/16", Refusal(bench.Deploy(With("10.201.0.0/16"))).Message, StringComparison.Ordinal);
    }

    private int Moves() => bench.Hosts.Values.Sum(h => h.Commands.Count(c => c is AgentCommand.StopReplica or AgentCommand.StartReplica));

    private static StackMessage.Rejected Refusal(List<object> heard) => Assert.IsType<StackMessage.Rejected>(Assert.Single(heard));

    private static StackSpec Web(string image) => Spec(Service("web", image, replicas: 2));

    private static StackSpec Blue(string image)
    {
        var web = Service("web", image, replicas: 2);
        return Spec(web with { Deploy = web.Deploy with { Strategy = new StrategySpec { Kind = StrategyKind.BlueGreen, IsManual = true } } });
    }

    private static ServiceSpec Big(string name)
    {
        var service = Service(name);
        return service with { Container = service.Container with { Resources = new ResourcesSpec { MemoryReservationBytes = 1L << 30 } } };
    }

    /// <summary>web.1 hangs in its gate.</summary>
    private List<object> BeginUpdate()
    {
        bench.Deploy(Web("app:v1"));
        bench.Hang(k => k.Slot == 1);
        return bench.Deploy(Web("app:v2"));
    }

    private void Finish()
    {
        bench.Hang(_ => false);
        foreach (var host in bench.Hosts.Values)
        {
            host.Pass("web", 1);
        }
        bench.Settle();
    }
}
