using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>What is remembered of what has happened.</summary>
public sealed class EventTests : IDisposable
{
    private readonly StackBench bench = new("h1");

    public void Dispose() => bench.Dispose();

    [Fact]
    public void Change_is_told_from_who_asked_to_how_it_ended()
    {
        bench.Deploy(Spec(Service("web")), by: "alice");

        var events = bench.Events;
        Assert.Equal(("deploy by alice: revision 1, the first", "alice"), (events[0].Message, events[0].By));
        Assert.Equal(StackEventKind.ChangeEnded, events[^1].Kind);
        Assert.Equal("stack shop is at revision 1", events[^1].Message);
        Assert.Contains(events, e => e is { Kind: StackEventKind.Replica, Service: "web", Slot: 1, Host: "h1" } && e.Message.EndsWith("serves", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(1, events.Length).Select(n => (long)n), events.Select(e => e.Number));
    }

    [Fact]
    public void Failure_keeps_its_report()
    {
        bench.FailImage("app");

        bench.Deploy(Spec(Service("web")));

        var failed = bench.Events.Single(e => e.Kind == StackEventKind.ReplicaFailed);
        Assert.Equal((1, "connection refused"), (failed.Report!.ExitCode, failed.Report.ProbeOutput));
        Assert.Equal(StackEventKind.ChangePaused, bench.Events[^1].Kind);
    }

    [Fact]
    public void Events_are_there_after_a_restart_and_go_on_counting()
    {
        bench.Deploy(Spec(Service("web")));
        bench.Advance(1);
        var before = bench.Events;

        bench.CrashAndRestart();
        Assert.Equal(before.Select(e => e.Message), bench.Events.Take(before.Length).Select(e => e.Message));

        bench.Deploy(Spec(Service("web", "app:v2")));
        Assert.True(bench.Events[^1].Number > before[^1].Number);
    }

    [Fact]
    public void Change_that_a_new_coordinator_goes_on_with_says_so()
    {
        bench.Hang(k => k.Slot == 1);
        bench.Deploy(Spec(Service("web")));
        Assert.DoesNotContain(bench.Events, e => e.Kind == StackEventKind.ChangeTakenUp);

        bench.CrashAndRestart();

        Assert.Contains("deploy to revision 1 is taken up from its record", Assert.Single(bench.Events, e => e.Kind == StackEventKind.ChangeTakenUp).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Oldest_are_forgotten_in_the_store_with_the_commit_that_adds_new_ones()
    {
        var log = new StackEventLog("shop");
        for (var i = 0; i < StackEventLog.KeptMax; i++)
        {
            log.Add(new StackEvent { Kind = StackEventKind.Warning, Message = $"{i}" });
        }
        Assert.DoesNotContain(log.Take(), c => c is StoreChange.Delete);

        log.Add(new StackEvent { Kind = StackEventKind.Warning, Message = "one more" });

        Assert.Equal(["stacks/shop/events/000000001001", "stacks/shop/events/000000000001"], log.Take().Select(c => c.Key));
        Assert.Equal(StackEventLog.KeptMax, log.After(default, null).Length);
        Assert.Equal(2, log.After(default, null)[0].Number);
    }

    [Fact]
    public void Reader_that_follows_goes_on_when_the_stack_is_removed_and_deployed_again()
    {
        bench.Deploy(Spec(Service("web")));
        var last = bench.Events[^1];
        var mark = ImmutableDictionary<string, EventMark>.Empty.Add(World.Stack, new EventMark(2, last.At));
        bench.Advance(1);
        bench.Ask(new ChangeRequest.Remove { Stack = World.Stack });
        bench.Deploy(Spec(Service("web")));

        foreach (var read in new[] { mark, mark.SetItem(World.Stack, new EventMark(1_000, last.At)) })
        {
            Assert.Equal(1, bench.Query<StackMessage.EventsFound>(new StackMessage.GetEvents(World.Stack, read, null)).Events[0].Number);
        }
    }

    [Fact]
    public async Task Names_are_read_from_the_store_once_and_follow_what_is_saved_and_deleted()
    {
        var entries = new MemoryStore();
        await new StackStore(entries).SaveAsync(new StackHead { Stack = "a" }, [], null, []);
        var store = new StackStore(entries);
        Assert.Equal("a", Assert.Single(await store.NamesAsync()));
        await new StackStore(entries).SaveAsync(new StackHead { Stack = "behind its back" }, [], null, []);
        await store.SaveAsync(new StackHead { Stack = "b" }, [], null, []);
        await store.DeleteAsync("a", [], [], []);

        Assert.Equal("b", Assert.Single(await store.NamesAsync()));
        Assert.Equal(2, (await new StackStore(entries, isShared: true).NamesAsync()).Length);
    }

    [Fact]
    public void Fault_of_the_coordinator_is_an_event()
    {
        bench.Deploy(Spec(Service("web")));

        bench.Tell(new StackMessage.SetMaintenance(World.Stack, null!, On: true));

        Assert.Contains(bench.Events, e => e.Kind == StackEventKind.Fault && e.Message.Contains("fault of its own", StringComparison.Ordinal));
    }

    [Fact]
    public void Steps_of_one_moment_cost_one_commit()
    {
        var log = new StackEventLog("shop");
        log.Add(new StackEvent { Kind = StackEventKind.Warning, Message = "a" });
        log.Add(new StackEvent { Kind = StackEventKind.Warning, Message = "b" });

        Assert.Equal(2, log.Take().Length);
        Assert.False(log.HasUnsaved);
    }

    [Fact]
    public void Explanation_of_a_paused_stack_names_the_cause_and_what_to_do()
    {
        bench.Deploy(Spec(Service("web")));
        bench.FailImage("app:v2");
        bench.Deploy(Spec(Service("web", "app:v2")), by: "bob");

        var view = bench.Explain();

        Assert.Equal("paused", view.State);
        Assert.Contains("a deploy by bob to revision 2", view.Reasons[0], StringComparison.Ordinal);
        Assert.Contains("1 of 1 replicas failed", view.Reasons[0], StringComparison.Ordinal);
        Assert.StartsWith("orchestrator resume shop", view.Next[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Explanation_of_an_unknown_service_says_which_there_are()
    {
        bench.Deploy(Spec(Service("web")));

        Assert.Equal("stack shop has no service wep; it has web", bench.Query<StackMessage.Rejected>(new StackMessage.Explain(World.Stack, "wep")).Message);
    }

    [Fact]
    public void Explanation_of_a_stable_stack_has_nothing_to_do()
    {
        bench.Deploy(Spec(Service("web")));

        var view = bench.Explain();
        Assert.Equal("stable", view.State);
        Assert.Empty(view.Next);
        Assert.Equal((1, 1), (view.Services[0].Serving, view.Services[0].Desired));
    }

    [Fact]
    public void Service_whose_old_replicas_serve_in_full_serves_whatever_became_of_the_new_ones()
    {
        bench.Deploy(Spec(Service("web", replicas: 2)));
        var old = bench.Hosts.Values.SelectMany(h => h.Replicas).First().Key.ShortRevision;
        bench.FailImage("app:v2");
        bench.Deploy(Spec(Service("web", "app:v2", replicas: 2)));

        var paused = bench.Explain();
        var web = Assert.Single(paused.Services);
        Assert.Equal((2, 2, 0), (web.Serving, web.Desired, web.Withheld));
        Assert.Equal([(old, 2)], web.ServingOld.Select(o => (o.Key, o.Value)));
        Assert.Contains(paused.Reasons, r => r.StartsWith($"web serves with 2 of 2, 2 of them of the old revision {old}", StringComparison.Ordinal));

        bench.Ask(new ChangeRequest.Abort { Stack = World.Stack });
        Assert.Equal("aborted", bench.Explain().State);
        Assert.Equal(2, Assert.Single(bench.Explain().Services).Serving);
    }
}
