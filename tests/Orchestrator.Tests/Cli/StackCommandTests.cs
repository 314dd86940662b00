using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Protocol;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli;

/// <summary>Commands that change a stack which is there.</summary>
public sealed class StackCommandTests : IDisposable
{
    private readonly CliHarness _cli = Ready(new());

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Rollback_asks_for_the_last_good_revision_or_the_given_one()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("rollback", "hello"));
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("rollback", "hello", "--to", "1"));

        Assert.Equal([null, 1], _cli.Coordinator.Requests.Cast<ChangeRequest.Rollback>().Select(r => r.ToRevision));
    }

    [Fact]
    public async Task Rollback_to_an_unknown_revision_is_bad_usage()
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("rollback", "hello", "--to", "7"));

        Assert.Equal("error: stack hello has no revision 7; it has 2, 1, see `orchestrator history hello`\n", _cli.Error);
    }

    [Fact]
    public async Task Resume_and_watch_ask_for_just_that()
    {
        await _cli.RunAsync("resume", "hello");
        await _cli.RunAsync("watch", "hello");

        Assert.IsType<ChangeRequest.Resume>(_cli.Coordinator.Requests[0]);
        Assert.IsType<ChangeRequest.Watch>(_cli.Coordinator.Requests[1]);
    }

    [Fact]
    public async Task Promote_asks_for_the_stack_or_one_service_of_it()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("promote", "hello"));
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("promote", "hello/web", "--wait"));

        Assert.Equal(
            [new ChangeRequest.Promote { Stack = "hello" }, new ChangeRequest.Promote { Stack = "hello", Service = "web", WaitsForPromotion = true }],
            _cli.Coordinator.Requests);
    }

    [Theory]
    [InlineData("hello/", "error: `hello/` is not STACK or STACK/SERVICE\n")]
    [InlineData("/web", "error: `/web` is not STACK or STACK/SERVICE\n")]
    [InlineData("hullo/web", "error: there is no stack hullo; did you mean hello? known stacks: hello\n")]
    public async Task Promote_of_what_is_no_stack_is_bad_usage(string target, string error)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("promote", target));
        Assert.Equal(error, _cli.Error);
    }

    [Fact]
    public async Task Promote_of_what_is_not_held_fails()
    {
        _cli.Coordinator.OnChange = (_, _) => throw new CoordinatorException(CoordinatorErrorKind.Conflict, "stack hello has nothing to promote: no change is under way");

        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("promote", "hello"));
        Assert.Equal("error: stack hello has nothing to promote: no change is under way\n", _cli.Error);
    }

    [Fact]
    public async Task Pause_that_was_asked_for_is_no_failure_of_the_pause()
    {
        _cli.Coordinator.Events.Clear();
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Paused, 3, "paused at revision 3: paused by alice; go on with `orchestrator resume hello`"));

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("pause", "hello"));
        Assert.IsType<ChangeRequest.Pause>(_cli.Coordinator.Requests[0]);
        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("watch", "hello"));
        Assert.Contains("paused by alice", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_are_lines_with_what_a_failed_replica_said()
    {
        _cli.Coordinator.Happened.Add(new StackEvent
        {
            Kind = StackEventKind.ReplicaFailed,
            Stack = "hello",
            At = new DateTimeOffset(2026, 1, 31, 12, 0, 1, TimeSpan.Zero),
            Message = "web.2 on h1: failed: it exited with code 1",
            Report = new FailureReport { Stage = ReplicaStage.Gate, Message = "it exited with code 1", ExitCode = 1, ProbeOutput = "refused", LogLines = ["no database"] },
        });

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("events", "hello", "--since", "10m"));

        Assert.Equal("2026-01-31 12:00:01Z  web.2 on h1: failed: it exited with code 1\n    exit code 1\n    probe | refused\n    log   | no database\n", _cli.Out);
        Assert.Equal(("hello", false), (_cli.Coordinator.EventsQuery!.Stack, _cli.Coordinator.EventsQuery.Follow));
        Assert.Equal(_cli.Time.GetUtcNow() - TimeSpan.FromMinutes(10), _cli.Coordinator.EventsQuery.Since);
    }

    [Fact]
    public async Task Events_of_all_stacks_name_theirs_and_json_is_a_line_each()
    {
        _cli.Coordinator.Happened.Add(new StackEvent { Kind = StackEventKind.HostLost, Stack = "hello", Host = "h2", Message = "host h2 is down" });

        await _cli.RunAsync("events");
        Assert.Contains("  hello  host h2 is down", _cli.Out, StringComparison.Ordinal);

        await _cli.RunAsync("events", "--json", "--follow");
        Assert.Contains("\"kind\":\"HostLost\"", _cli.Out, StringComparison.Ordinal);
        Assert.True(_cli.Coordinator.EventsQuery!.Follow);
    }

    [Fact]
    public async Task Explain_says_how_it_is_why_and_what_to_do()
    {
        _cli.Coordinator.Explanation = new ExplanationView
        {
            Stack = "hello",
            Revision = 3,
            State = "degraded",
            Reasons = ["web serves with 1 of 2"],
            Next = ["orchestrator logs hello web"],
            Services = [new ServiceExplanation { Service = "web", Wanted = "2 replicas of web:v1 (01234567)", Serving = 1, Desired = 2, Replicas = [new ReplicaExplanation(2, "h1", "running", "unhealthy", ["its healthcheck fails"], "503")] }],
        };

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("explain", "hello/web"));

        Assert.Contains("explain hello/web", _cli.Coordinator.Calls);
        Assert.Equal(
            """
            hello is degraded at revision 3
              web serves with 1 of 2

            web  wanted: 2 replicas of web:v1 (01234567); 1 serves
              web.2 on h1: running, unhealthy
                its healthcheck fails
                probe | 503

            what to do
              orchestrator logs hello web

            """,
            _cli.Out);
    }

    [Fact]
    public async Task Explain_tells_what_serves_of_the_old_and_of_the_wanted_revision_and_what_waits()
    {
        _cli.Coordinator.Explanation = new ExplanationView
        {
            Stack = "hello",
            State = "held",
            Services = [new ServiceExplanation { Service = "web", Wanted = "3 replicas of web:v2 (01234567)", Serving = 3, Desired = 3, Withheld = 2, ServingOld = ImmutableSortedDictionary<string, int>.Empty.Add("feae647b", 2) }],
        };

        await _cli.RunAsync("explain", "hello");

        Assert.Contains("web  wanted: 3 replicas of web:v2 (01234567); 3 serve: 2 of the old revision feae647b; 1 of 3 of the wanted one; 2 of the wanted one are ready, out of the traffic until the switch\n", _cli.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("explain hello/web/1")]
    [InlineData("explain hello/")]
    [InlineData("events hello --since yesterday-ish")]
    public async Task Bad_words_are_bad_usage(string words) => Assert.Equal(ExitCode.Usage, await _cli.RunAsync(words.Split(' ')));

    [Fact]
    public async Task Resume_of_a_first_deploy_that_never_succeeded_is_possible()
    {
        _cli.Coordinator.Stacks = [];
        _cli.Coordinator.Unlisted = "hello";

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("resume", "hello"));
    }

    [Theory]
    [InlineData("resume hello", true)]
    [InlineData("promote hello", true)]
    [InlineData("deploy stack.yaml", true)]
    [InlineData("deploy stack.yaml --dry-run", false)]
    [InlineData("plan stack.yaml", false)]
    [InlineData("watch hello", false)]
    [InlineData("ps hello", false)]
    public async Task Only_commands_that_change_take_the_local_engines_lock(string words, bool changes)
    {
        await _cli.RunAsync(words.Split(' '));

        Assert.Equal(changes, _cli.Choice!.Changes);
    }

    [Fact]
    public async Task Abort_by_who_aborts_is_success()
    {
        _cli.Coordinator.Events.Clear();
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Aborted, 2, "aborted"));

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("abort", "hello"));
        Assert.Equal("hello: the change is aborted as it stands\n", _cli.Out);
    }

    [Fact]
    public async Task Watch_of_an_aborted_change_is_a_failure()
    {
        _cli.Coordinator.Events.Clear();
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Aborted, 2, "by alice"));

        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("watch", "hello"));
        Assert.StartsWith("error: hello, after 0.0 s: by alice\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scale_takes_several_services()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("scale", "hello", "web=5", "db=0"));

        var scale = Assert.IsType<ChangeRequest.Scale>(Assert.Single(_cli.Coordinator.Requests));
        Assert.Equal(ImmutableSortedDictionary<string, int>.Empty.Add("db", 0).Add("web", 5), scale.Replicas);
    }

    [Theory]
    [InlineData("web", "error: `web` is not SERVICE=N; write it like web=3\n")]
    [InlineData("web=-1", "error: `web=-1` is not SERVICE=N; write it like web=3\n")]
    [InlineData("web=1 web=2", "error: service web is named twice\n")]
    [InlineData("wbe=1", "error: stack hello has no service wbe; did you mean web? known services: db, web\n")]
    public async Task Scale_bad_words_are_bad_usage(string words, string expected)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(["scale", "hello", .. words.Split(' ')]));

        Assert.Equal(expected, _cli.Error);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Rm_without_a_terminal_needs_yes()
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("rm", "hello"));

        Assert.Equal("error: removing hello needs a yes, and there is no terminal to ask on; add --yes\n", _cli.Error);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Rm_yes_volumes_reach_the_request()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("rm", "hello", "--volumes", "--yes"));

        Assert.True(Assert.IsType<ChangeRequest.Remove>(Assert.Single(_cli.Coordinator.Requests)).Volumes);
        Assert.Equal("hello is removed, in 0.0 s\n", _cli.Out);
    }

    [Theory]
    [InlineData("y", 0)]
    [InlineData("Yes", 0)]
    [InlineData("", 1)]
    [InlineData("n", 1)]
    public async Task Rm_on_a_terminal_asks(string answer, int expected)
    {
        using var cli = Ready(new() { Terminal = new() { InIsTerminal = true, ErrorIsTerminal = true, AllowsEscapes = false } });
        cli.Coordinator.Replicas = [CliHarness.Replica("web", 1, "h1"), CliHarness.Replica("web", 2, "h2")];
        cli.Terminal.Answers.Enqueue(answer);

        Assert.Equal(expected, await cli.RunAsync("rm", "hello"));

        Assert.StartsWith("Remove hello: 2 replicas on 2 hosts, its networks and history; volumes are kept? [y/N] ", cli.Error, StringComparison.Ordinal);
        Assert.Equal(expected == 0 ? 1 : 0, cli.Coordinator.Requests.Count);
    }

    private static CliHarness Ready(CliHarness cli)
    {
        cli.Coordinator.Stacks = [CliHarness.Stack()];
        var services = CliHarness.Revision(2, "current").Services;
        cli.Coordinator.Revisions = [CliHarness.Revision(2, "current") with { Services = services.Add("db", services["web"]) }, CliHarness.Revision(1, "good")];
        cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done"));
        return cli;
    }
}
