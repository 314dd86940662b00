using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Tests.Cli.Fakes;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Cli;

public sealed class DeployCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Deploy_done_says_revision_and_returns_0()
    {
        Succeeds(_cli);

        var exit = await _cli.RunAsync("deploy", "stack.yaml");

        Assert.Equal(ExitCode.Done, exit);
        Assert.Equal("hello is at revision 2, in 0.0 s\n", _cli.Out);
        Assert.True(_cli.Closed);
    }

    [Fact]
    public async Task Deploy_without_terminal_prints_one_stable_line_per_event()
    {
        Succeeds(_cli);

        await _cli.RunAsync("deploy", "stack.yaml");

        Assert.Equal(
            """
            hello: accepted, revision 2
            plan: update web: image web:v1 → web:v2
            warning: h3 is down
            web: updating 2 replicas
            web: batch 1 of 2, 1 replica
            web.1 on h1: pulling
            web.1 on h1: gating (probe: connection refused)
            waiting for web.1 on h1 to become healthy (6.0 s)
            web.1 on h1: passed
            web: done, 2 replicas

            """,
            _cli.Error);
    }

    [Fact]
    public async Task Deploy_json_writes_each_event_as_one_line_and_nothing_else()
    {
        Succeeds(_cli);

        var exit = await _cli.RunAsync("deploy", "stack.yaml", "--json");

        Assert.Equal(ExitCode.Done, exit);
        Assert.Empty(_cli.Error);
        var types = _cli.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("type").GetString()!).ToArray();
        Assert.Equal(["accepted", "planned", "service-started", "batch-started", "replica", "replica", "replica", "waiting", "replica", "service-ended", "ended"], types);
        Assert.Contains("\"phase\":\"Gating\",\"detail\":\"probe: connection refused\"", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("image web:v1 → web:v2", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deploy_quiet_success_says_nothing()
    {
        Succeeds(_cli);

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("deploy", "stack.yaml", "-q"));

        Assert.Empty(_cli.Out);
        Assert.Empty(_cli.Error);
    }

    [Theory]
    [InlineData(ChangeOutcome.Done, 0)]
    [InlineData(ChangeOutcome.NothingToDo, 0)]
    [InlineData(ChangeOutcome.Held, 0)]
    [InlineData(ChangeOutcome.Paused, 1)]
    [InlineData(ChangeOutcome.Failed, 1)]
    [InlineData(ChangeOutcome.RolledBack, 3)]
    [InlineData(ChangeOutcome.Superseded, 6)]
    [InlineData(ChangeOutcome.Aborted, 1)]
    public async Task Deploy_outcome_decides_the_exit_code(ChangeOutcome outcome, int expected)
    {
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(outcome, 2, "because"));

        Assert.Equal(expected, await _cli.RunAsync("deploy", "stack.yaml"));
    }

    [Fact]
    public async Task Deploy_paused_shows_the_failure_inline_and_what_to_do_next()
    {
        Accepted(_cli);
        _cli.Coordinator.Events.Add(new ChangeEvent.ReplicaFailed("web", 1, "h1", "fedcba9876543210", new()
        {
            Stage = ReplicaStage.Gate,
            Message = "not healthy within 10 min",
            ExitCode = 137,
            OomKilled = true,
            ProbeExitCode = 1,
            ProbeOutput = "wget: can't connect\n\x1b[2Jhidden",
            LogLines = ["starting", "panic: no config\r"],
        }));
        _cli.Coordinator.Events.Add(new ChangeEvent.ServiceEnded("web", ChangeOutcome.Paused, 1, 1, "1 of 2 failed"));
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Paused, 2, "web.1 failed"));

        var exit = await _cli.RunAsync("--context", "prod", "deploy", "stack.yaml", "--quiet");

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Equal(
            """
            web.1 on h1: failed before it was ready: not healthy within 10 min
                killed for using more memory than its limit (OOM)
                exit code 137
                last probe (exit code 1):
                | wget: can't connect
                | \x1b[2Jhidden
                last log lines:
                | starting
                | panic: no config
            error: hello, after 0.0 s: web.1 failed
              try the failed replicas again: orchestrator --context prod resume hello
              go back: orchestrator --context prod rollback hello
              read its logs: orchestrator --context prod logs hello web

            """,
            _cli.Error);
        Assert.Empty(_cli.Out);
    }

    [Fact]
    public async Task Deploy_that_is_held_says_so_and_is_no_failure()
    {
        _cli.Coordinator.Events.Add(new ChangeEvent.Held("web", "canary of 1 of 6 is up; held until `orchestrator promote hello`", null));
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Held, 2, "held on the way to revision 2: web: canary of 1 of 6 is up"));

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("deploy", "stack.yaml"));

        Assert.Contains("web: canary of 1 of 6 is up; held until `orchestrator promote hello`\n", _cli.Error, StringComparison.Ordinal);
        Assert.StartsWith("hello, after 0.0 s: held on the way to revision 2: web: canary of 1 of 6 is up\n", _cli.Out, StringComparison.Ordinal);
        Assert.False(Assert.Single(_cli.Coordinator.Requests).WaitsForPromotion);
    }

    [Fact]
    public async Task Deploy_waits_for_a_promotion_when_it_is_told_to()
    {
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Done, 2, ""));

        await _cli.RunAsync("deploy", "stack.yaml", "--wait");
        Assert.True(Assert.Single(_cli.Coordinator.Requests).WaitsForPromotion);
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("deploy", "stack.yaml", "--wait", "--detach"));
    }

    [Fact]
    public async Task Deploy_does_not_repeat_advice_the_coordinator_gave()
    {
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.Paused, 2, "web.1 failed; orchestrator resume hello tries again"));

        await _cli.RunAsync("deploy", "stack.yaml");

        Assert.Equal("error: hello, after 0.0 s: web.1 failed; orchestrator resume hello tries again\n", _cli.Error);
    }

    [Fact]
    public async Task Deploy_rollback_is_announced()
    {
        _cli.Coordinator.Events.Add(new ChangeEvent.RollbackStarted("web", "0123456789abcdef", "1 of 2 failed"));
        _cli.Coordinator.Events.Add(new ChangeEvent.Ended(ChangeOutcome.RolledBack, 1, "web.1 exited"));

        Assert.Equal(ExitCode.RolledBack, await _cli.RunAsync("deploy", "stack.yaml"));

        Assert.StartsWith("web: rolling back to 01234567: 1 of 2 failed\nerror: hello, after 0.0 s: web.1 exited\n", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stack.yaml web", "stack.yaml", "web")]
    [InlineData("stack.yaml web db", "stack.yaml", "web,db")]
    [InlineData("a.yaml b.yml", "a.yaml,b.yml", "")]
    [InlineData("-f a.yaml web", "a.yaml", "web")]
    [InlineData("-c a.yaml --service web -s db", "a.yaml", "web,db")]
    [InlineData("-", "-", "")]
    [InlineData("dir/stack", "dir/stack", "")]
    [InlineData("web", "compose.yaml", "web")]
    [InlineData("", "compose.yaml", "")]
    [InlineData("odd-name", "odd-name", "")]
    public async Task Deploy_words_are_files_then_services(string words, string files, string services)
    {
        _cli.StackFiles.Present.UnionWith(["docker-compose.yaml", "compose.yaml", "odd-name"]);
        Succeeds(_cli);

        var exit = await _cli.RunAsync(["deploy", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        Assert.Equal(ExitCode.Done, exit);
        Assert.Equal(files, string.Join(',', _cli.StackFiles.Query!.Files));
        Assert.Equal(services, string.Join(',', Assert.IsType<ChangeRequest.Deploy>(Assert.Single(_cli.Coordinator.Requests)).Services));
    }

    [Fact]
    public async Task Deploy_options_reach_the_request()
    {
        Succeeds(_cli);

        await _cli.RunAsync("deploy", "stack.yaml", "-p", "shop", "--env-file", "prod.env", "--force-recreate");

        var request = Assert.IsType<ChangeRequest.Deploy>(Assert.Single(_cli.Coordinator.Requests));
        Assert.Equal("shop", request.Stack);
        Assert.True(request.ForceRecreate);
        Assert.Equal("prod.env", Assert.Single(_cli.StackFiles.Query!.EnvFiles));
    }

    [Fact]
    public async Task Deploy_unknown_service_is_bad_usage_and_asks_nobody()
    {
        var exit = await _cli.RunAsync("deploy", "stack.yaml", "wen");

        Assert.Equal(ExitCode.Usage, exit);
        Assert.Equal("error: stack hello has no service wen; did you mean web? known services: db, web\n", _cli.Error);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Deploy_no_file_anywhere_is_bad_usage()
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("deploy"));

        Assert.StartsWith("error: no stack file: none of compose.yaml, compose.yml,", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deploy_bad_file_prints_every_error_with_its_place()
    {
        _cli.StackFiles.Errors =
        [
            new("stack.yaml", 3, 5, "services.web.prots", "unknown key", "did you mean ports?"),
            new("stack.yaml", 9, 1, "", "the value is missing", null),
        ];

        var exit = await _cli.RunAsync("deploy", "stack.yaml");

        Assert.Equal(ExitCode.Usage, exit);
        Assert.Equal("stack.yaml:3:5: services.web.prots: unknown key; did you mean ports?\nstack.yaml:9:1: the value is missing\n", _cli.Error);
        Assert.Null(_cli.Choice);
    }

    [Fact]
    public async Task Deploy_dry_run_shows_the_plan_and_changes_nothing()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("deploy", "stack.yaml", "--dry-run"));

        Assert.Equal("hello: nothing to do, it is as asked (revision 1)\n", _cli.Out);
    }

    [Fact]
    public async Task Certificates_go_with_the_deploy_alone_and_are_never_printed()
    {
        var certificate = new CertificateFile(new string('a', 64), "-----BEGIN PRIVATE KEY-----");
        _cli.StackFiles.Certificates = [certificate];
        Succeeds(_cli);

        await _cli.RunAsync("deploy", "stack.yaml", "--json");
        await _cli.RunAsync("deploy", "stack.yaml", "--dry-run", "--json");
        await _cli.RunAsync("plan", "stack.yaml", "--json");

        var requests = _cli.Coordinator.Requests.Cast<ChangeRequest.Deploy>().ToList();
        Assert.Equal([certificate], requests[0].Certificates.AsEnumerable());
        Assert.All(requests.Skip(1), r => Assert.Empty(r.Certificates));
        Assert.DoesNotContain("PRIVATE", _cli.Out + _cli.Error + requests[0] + certificate, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deploy_interrupted_on_a_fleet_goes_on_and_says_how_to_follow()
    {
        Accepted(_cli);
        _cli.Coordinator.GoesOn = true;

        var run = _cli.RunAsync("deploy", "stack.yaml");
        await _cli.Coordinator.Silent;
        _cli.PressCtrlC();

        Assert.Equal(ExitCode.Interrupted, await run);
        Assert.EndsWith("error: hello: interrupted; the change goes on without this command\n  follow it: orchestrator watch hello\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deploy_interrupted_embedded_stops_at_a_safe_point_and_says_how_to_resume()
    {
        using var cli = new CliHarness { IsFleet = false };
        Accepted(cli);
        cli.Coordinator.GoesOn = true;

        var run = cli.RunAsync("deploy", "stack.yaml");
        await cli.Coordinator.Silent;
        cli.PressCtrlC();

        Assert.Equal(ExitCode.Interrupted, await run);
        Assert.EndsWith("error: hello: interrupted; it stops at a safe point, Ctrl-C again ends at once\n  go on: deploy the same file again\n", cli.Error, StringComparison.Ordinal);
        Assert.True(cli.Closed);
    }

    [Fact]
    public async Task Deploy_timeout_says_what_is_pending_and_returns_4()
    {
        Accepted(_cli);
        _cli.Coordinator.Events.Add(new ChangeEvent.ReplicaMoved("web", 1, "h1", "fedcba9876543210", ReplicaStep.Gating, "probe: connection refused"));
        _cli.Coordinator.GoesOn = true;

        var run = _cli.RunAsync("deploy", "stack.yaml", "--timeout", "1m30s", "-q");
        await _cli.Coordinator.Silent;
        _cli.Time.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal(ExitCode.TimedOut, await run);
        Assert.Equal(
            """
            error: hello: not done after 1 min 30 s; the change goes on
              web.1 on h1: gating (probe: connection refused)
              web: 1 replica not begun
              follow it: orchestrator watch hello

            """,
            _cli.Error);
    }

    [Fact]
    public async Task Deploy_detached_returns_once_accepted()
    {
        Accepted(_cli);
        _cli.Coordinator.GoesOn = true;

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("deploy", "stack.yaml", "-d"));

        Assert.Equal("hello: accepted, revision 2; it goes on without this command\n", _cli.Out);
    }

    [Fact]
    public async Task Deploy_detached_embedded_is_bad_usage()
    {
        using var cli = new CliHarness { IsFleet = false };

        Assert.Equal(ExitCode.Usage, await cli.RunAsync("deploy", "stack.yaml", "-d"));

        Assert.StartsWith("error: --detach needs a fleet", cli.Error, StringComparison.Ordinal);
        Assert.Empty(cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Deploy_events_that_stop_without_an_end_are_a_failure()
    {
        Accepted(_cli);

        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("deploy", "stack.yaml", "--json"));

        Assert.StartsWith("error: hello: the coordinator stopped reporting before the change had ended", _cli.Error, StringComparison.Ordinal);
    }

    private static void Accepted(CliHarness cli)
    {
        cli.Coordinator.Events.Add(new ChangeEvent.Accepted("hello", "c1", 2));
        cli.Coordinator.Events.Add(new ChangeEvent.ServiceStarted("web", ServiceAction.Update, 2));
    }

    private static void Succeeds(CliHarness cli) => cli.Coordinator.Events.AddRange(
    [
        new ChangeEvent.Accepted("hello", "c1", 2),
        new ChangeEvent.Planned(new Plan
        {
            Stack = "hello",
            BaseRevision = 1,
            TargetRevision = 2,
            Services =
            [
                new() { Service = "db", Action = ServiceAction.None },
                new() { Service = "web", Action = ServiceAction.Update, Reason = "image web:v1 → web:v2", Policy = new() { Order = UpdateOrder.StartFirst } },
            ],
            Warnings = ["h3 is down"],
        }),
        new ChangeEvent.ServiceStarted("web", ServiceAction.Update, 2),
        new ChangeEvent.BatchStarted("web", 1, 2, 1),
        new ChangeEvent.ReplicaMoved("web", 1, "h1", "fedcba9876543210", ReplicaStep.Pulling, null),
        new ChangeEvent.ReplicaMoved("web", 1, "h1", "fedcba9876543210", ReplicaStep.Gating, "probe: connection refused"),
        new ChangeEvent.ReplicaMoved("web", 1, "h1", "fedcba9876543210", ReplicaStep.Gating, "probe: connection refused"),
        new ChangeEvent.Waiting("web.1 on h1 to become healthy", TimeSpan.FromSeconds(6)),
        new ChangeEvent.ReplicaMoved("web", 1, "h1", "fedcba9876543210", ReplicaStep.Passed, null),
        new ChangeEvent.ServiceEnded("web", ChangeOutcome.Done, 2, 0, null),
        new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done"),
    ]);
}
