using System.Runtime.CompilerServices;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli;

/// <summary>Changes that are proven while they go on.</summary>
public sealed class ProbeTests : IDisposable
{
    private const string Old = "0123456789abcdef";
    private const string New = "fedcba9876543210";
    private const string Url = "http://127.0.0.1:8080/";

    private readonly CliHarness _cli = new();
    private readonly List<(double AfterSeconds, Action? Do, ChangeEvent? Event)> _script = [];

    public ProbeTests()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Revisions = [CliHarness.Revision(2, "running"), CliHarness.Revision(1, "good")];
        _cli.Coordinator.OnChange = ChangeAsync;
        Update();
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Deploy_without_failed_requests_is_done_and_reports()
    {
        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url);

        Assert.Equal(ExitCode.Done, exit);
        Assert.Equal(
            """
            hello is at revision 2, in 3.0 s
            proof: 140 requests over 7.0 s to http://127.0.0.1:8080/   0 failed   longest gap 50 ms from 12:00:00.000Z
                    requests  failed  p50  p95  p99  max
            before  40        0       -    -    -    -
            during  60        0       -    -    -    -
            after   40        0       -    -    -    -
            web batch 1 of 1  12:00:02.000Z to 12:00:05.000Z  web.1 fedcba98 on h1 passed 12:00:03.000Z, web.1 01234567 on h1 stopped 12:00:04.000Z   0 failed of 60
            answered by: web.1@h1 140

            """,
            _cli.Out);
        Assert.StartsWith("probe: 20 requests a second to http://127.0.0.1:8080/; the change begins after 2.0 s\nhello: accepted, revision 2\n", _cli.Error, StringComparison.Ordinal);
        Assert.True(_cli.Server.IsDisposed);
    }

    [Fact]
    public async Task Failed_requests_make_a_change_that_went_well_a_failure()
    {
        Fails(from: 1, until: 2);

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url, "--max-failures", "3");

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("error: hello is at revision 2, in 3.0 s, but 20 of 140 probe requests failed and 3 are allowed\n  go back: orchestrator rollback hello\n", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("web.1 fedcba98 on h1 passed 12:00:03.000Z (20 failed after it)", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("failed 12:00:03.000Z http://127.0.0.1:8080/: connection refused, after 0.0 ms\n", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("and 10 further failures; --json has the first 1,000\n", _cli.Out, StringComparison.Ordinal);
        Assert.IsType<ChangeRequest.Deploy>(Assert.Single(_cli.Coordinator.Requests));
    }

    [Fact]
    public async Task As_many_failures_as_allowed_are_no_failure()
    {
        Fails(from: 1, until: 2);

        Assert.Equal(ExitCode.Done, await RunAsync("deploy", "stack.yaml", "--probe", Url, "--max-failures", "20"));
    }

    [Fact]
    public async Task Json_ends_with_the_report_as_one_line()
    {
        Fails(from: 1, until: 2);

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url, "--json");

        Assert.Equal(ExitCode.Failed, exit);
        var lines = _cli.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal(["accepted", "planned", "batch-started", "replica", "replica", "service-ended", "ended", "proof"], lines.Select(l => l.GetProperty("type").GetString()));
        var proof = lines[^1];
        Assert.False(proof.GetProperty("held").GetBoolean());
        Assert.Equal(20, proof.GetProperty("failed").GetInt64());
        Assert.Equal(20, proof.GetProperty("during").GetProperty("failed").GetInt64());
        Assert.Equal(1050, proof.GetProperty("longestGap").GetProperty("ms").GetDouble(), 1.0);
        Assert.Equal("Passed", proof.GetProperty("batches")[0].GetProperty("cutovers")[0].GetProperty("what").GetString());
        Assert.Equal("connection refused", proof.GetProperty("failures")[0].GetProperty("reason").GetString());
        Assert.Equal(140, proof.GetProperty("timeline").EnumerateArray().Sum(s => s.GetProperty("requests").GetInt64()));
        Assert.Empty(_cli.Error);
    }

    [Fact]
    public async Task Quiet_says_nothing_of_a_proof_that_held()
    {
        Assert.Equal(ExitCode.Done, await RunAsync("deploy", "stack.yaml", "--probe", Url, "-q"));

        Assert.Empty(_cli.Out);
        Assert.Empty(_cli.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stack_that_runs_and_does_not_answer_is_not_changed(bool isRefused)
    {
        if (isRefused)
            _cli.Server.Refuses();
        else
            _cli.Server.Answers(503);

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url);

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains($"error: nothing was changed: {Url} did not answer before the change ({(isRefused ? "connection refused" : "status 503")}). A proof needs a service that answers", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Coordinator.Requests);
        Assert.True(_cli.Server.IsDisposed);
    }

    [Fact]
    public async Task Answer_that_is_expected_by_its_status_is_success()
    {
        _cli.Server.Answers(401);

        Assert.Equal(ExitCode.Done, await RunAsync("deploy", "stack.yaml", "--probe", Url, "--probe-expect", "200,401"));
    }

    [Fact]
    public async Task First_deploy_counts_failures_from_the_first_answer_only()
    {
        _cli.Coordinator.Stacks = [];
        _cli.Server.Refuses();
        _script.Insert(4, (0, _cli.Server.Recovers, null));

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url);

        Assert.Equal(ExitCode.Done, exit);
        Assert.Contains("not counted: 60 failures before the first answer of a stack that did not run yet\n", _cli.Out, StringComparison.Ordinal);
        Assert.Contains("probe: the stack does not run yet: failures before a URL's first answer do not count\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_deploy_that_never_answers_is_a_failure()
    {
        _cli.Coordinator.Stacks = [];
        _cli.Server.Refuses();

        Assert.Equal(ExitCode.Failed, await RunAsync("deploy", "stack.yaml", "--probe", Url));

        Assert.Contains($"error: hello is at revision 2, in 3.0 s, but {Url} never gave an expected answer\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gate_goes_back_during_the_change_to_the_revision_before()
    {
        _script.RemoveRange(4, _script.Count - 4);
        _script.Add((0, _cli.Server.Refuses, null));
        _script.Add((3600, null, new ChangeEvent.Warning("an hour later")));

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url, "--rollback-on-probe");

        Assert.Equal(ExitCode.RolledBack, exit);
        Assert.Equal(1, Assert.IsType<ChangeRequest.Rollback>(_cli.Coordinator.Requests[1]).ToRevision);
        Assert.Matches(@"warning: probe: \d+ requests failed, 0 are allowed; going back to revision 1\n", _cli.Error);
        Assert.Matches(@"error: hello: \d+ of \d+ probe requests failed and 0 are allowed; rolled back to revision 1\n  mend the cause", _cli.Error);
        Assert.Contains("proof: ", _cli.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("an hour later", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gate_goes_back_after_the_change_when_the_tail_fails()
    {
        _script.Add((0, _cli.Server.Refuses, null));
        (_script[^1], _script[^2]) = (_script[^2], _script[^1]);

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url, "--rollback-on-probe");

        Assert.Equal(ExitCode.RolledBack, exit);
        Assert.Equal(2, _cli.Coordinator.Requests.Count);
    }

    [Fact]
    public async Task Gate_without_an_earlier_good_revision_says_so_and_fails()
    {
        _cli.Coordinator.Revisions = [CliHarness.Revision(2, "running"), CliHarness.Revision(1, "failed")];
        Fails(from: 1, until: 2);

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url, "--rollback-on-probe");

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("there is no good revision to go back to; the change goes on\n", _cli.Error, StringComparison.Ordinal);
        Assert.Single(_cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Gate_whose_way_back_is_refused_says_why_and_fails()
    {
        Fails(from: 1, until: 9);
        _cli.Coordinator.OnChange = (request, cancellation) => request is ChangeRequest.Rollback
            ? throw new CoordinatorException(CoordinatorErrorKind.Conflict, "another run holds the lock")
            : ChangeAsync(request, cancellation);

        var exit = await RunAsync("deploy", "stack.yaml", "--probe", Url, "--rollback-on-probe");

        Assert.Equal(ExitCode.Failed, exit);
        Assert.Contains("and going back was refused: another run holds the lock\n  go back: orchestrator rollback hello\n", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_that_ends_otherwise_keeps_its_exit_code_and_reports()
    {
        _script[^1] = (0, null, new ChangeEvent.Ended(ChangeOutcome.RolledBack, 1, "web.1 exited"));

        Assert.Equal(ExitCode.RolledBack, await RunAsync("deploy", "stack.yaml", "--probe", Url));

        Assert.StartsWith("proof: ", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_during_the_warm_up_changes_nothing()
    {
        var run = _cli.RunAsync("deploy", "stack.yaml", "--probe", Url);
        _cli.PressCtrlC();

        Assert.Equal(ExitCode.Interrupted, await run.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("error: hello: interrupted before the change was accepted\n", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Coordinator.Requests);
        Assert.True(_cli.Server.IsDisposed);
    }

    [Fact]
    public async Task Ctrl_C_during_the_change_leaves_as_always_and_reports_so_far()
    {
        _script.Insert(3, (0, _cli.PressCtrlC, null));

        Assert.Equal(ExitCode.Interrupted, await RunAsync("deploy", "stack.yaml", "--probe", Url));

        Assert.EndsWith("error: hello: interrupted; the change goes on without this command\n  follow it: orchestrator watch hello\n", _cli.Error, StringComparison.Ordinal);
        Assert.StartsWith("proof: ", _cli.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rollback hello")]
    [InlineData("scale hello web=3")]
    [InlineData("resume hello")]
    public async Task Other_changes_are_proven_as_well(string words)
    {
        Assert.Equal(ExitCode.Done, await RunAsync([.. words.Split(' '), "--probe", Url]));

        Assert.Contains("proof: 140 requests", _cli.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_reach_the_probe()
    {
        var exit = await RunAsync("deploy", "stack.yaml", "--probe", "http://a:1/x,y,http://b:2", "--probe", "https://c", "--probe-rate", "30", "--probe-connections", "new", "--probe-before", "1s", "--probe-after", "1s");

        Assert.Equal(ExitCode.Done, exit);
        Assert.Equal(["http://a:1/x,y", "http://b:2/", "https://c/"], _cli.Server.Requests.Take(3).Select(r => r.Url.AbsoluteUri));
        Assert.All(_cli.Server.Requests, r => Assert.True(r.NewConnection));
        Assert.InRange(_cli.Server.Requests.Count, 148, 152);
        Assert.Contains("http://a:1/x,y   50 requests   0 failed   longest gap ", _cli.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--probe-rate 5", "--probe-rate needs --probe URL.")]
    [InlineData("--rollback-on-probe", "--rollback-on-probe needs --probe URL.")]
    [InlineData("--probe 127.0.0.1:8080", "`127.0.0.1:8080` is not a URL to ask")]
    [InlineData("--probe ftp://a", "`ftp://a` is not a URL to ask")]
    [InlineData("--probe http://me:secret@a/", "a URL with a user name or password cannot be probed")]
    [InlineData("--probe http://a --probe-rate 0", "`0` is not a rate")]
    [InlineData("--probe http://a --probe-rate 1001", "`1001` is not a rate")]
    [InlineData("--probe http://a --probe-expect ok", "`ok` are not status codes")]
    [InlineData("--probe http://a --max-failures -1", "--max-failures: a number from 0.")]
    [InlineData("--probe http://a --probe-timeout 2m", "--probe-timeout: at most 1m.")]
    [InlineData("--probe http://a --probe-connections some", "some")]
    [InlineData("--probe http://a --detach", "--detach and --probe exclude each other")]
    public async Task Wrong_options_are_bad_usage_and_ask_nobody(string options, string said)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(["deploy", "stack.yaml", .. options.Split(' ')]));

        Assert.Contains(said, _cli.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Server.Requests);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    /// <summary>One service, one batch: passed after 1 s, the old one stopped after 2 s, done after 3 s.</summary>
    private void Update() => _script.AddRange(
    [
        (0, null, new ChangeEvent.Accepted("hello", "c1", 2)),
        (0, null, new ChangeEvent.Planned(new Plan { Stack = "hello", BaseRevision = 1, TargetRevision = 2, Services = [new() { Service = "web", Action = ServiceAction.Update, Policy = new() { Order = UpdateOrder.StartFirst } }] })),
        (0, null, new ChangeEvent.BatchStarted("web", 1, 1, 1)),
        (1, null, new ChangeEvent.ReplicaMoved("web", 1, "h1", New, ReplicaStep.Passed, null)),
        (1, null, new ChangeEvent.ReplicaMoved("web", 1, "h1", Old, ReplicaStep.OldStopped, null)),
        (1, null, new ChangeEvent.ServiceEnded("web", ChangeOutcome.Done, 1, 0, null)),
        (0, null, new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done")),
    ]);

    /// <summary>Seconds after the change began.</summary>
    private void Fails(double from, double until)
    {
        var began = _cli.Time.GetUtcNow() + TimeSpan.FromSeconds(2);
        _cli.Server.OnRequest = (_, _, _) => Task.FromResult((_cli.Time.GetUtcNow() - began).TotalSeconds is var now && now >= from && now < until
            ? new Orchestrator.Probing.ProbeAnswer(null, "connection refused")
            : new Orchestrator.Probing.ProbeAnswer(200, null));
    }

    private async IAsyncEnumerable<ChangeEvent> ChangeAsync(ChangeRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (_cli.Coordinator.Requests.Count > 1)
        {
            _cli.Server.Recovers();
            yield return new ChangeEvent.Accepted("hello", "c2", 1);
            yield return new ChangeEvent.Ended(ChangeOutcome.Done, 1, "done");
            yield break;
        }

        foreach (var (after, act, happened) in _script)
        {
            if (after > 0)
                await Task.Delay(TimeSpan.FromSeconds(after), _cli.Time, cancellation).ConfigureAwait(false);
            act?.Invoke();
            cancellation.ThrowIfCancellationRequested();
            if (happened is not null)
                yield return happened;
        }
    }

    /// <summary>Runs the command in time that passes as long as it runs, in steps of 10 ms, for up to ten minutes.</summary>
    private async Task<int> RunAsync(params string[] words)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        Task<int> run;
        try
        {
            run = _cli.RunAsync(words);
            for (var steps = 0; steps < 60_000 && !run.IsCompleted; steps++)
            {
                _cli.Time.Advance(TimeSpan.FromMilliseconds(10));
                // What goes on outside of this thread, such as a cancelled wait, has its turn before time goes on.
                Task.Run(static () => { }).GetAwaiter().GetResult();
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        return await run.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
