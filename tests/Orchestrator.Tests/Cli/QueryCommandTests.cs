using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli;

/// <summary>Commands that only ask.</summary>
public sealed class QueryCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Ps_prints_a_table()
    {
        _cli.Coordinator.Replicas = [CliHarness.Replica("db", 1), CliHarness.Replica("web", 1, "host-2") with { State = "restarting", RestartCount = 2, Health = "none", Ports = [] }];

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("ps"));

        Assert.Equal(
            """
            STACK  REPLICA  REVISION  HOST    IMAGE   STATE                    HEALTH   AGE    PORTS
            hello  db.1     01234567  h1      db:v1   running                  healthy  2 min  10.0.0.1:49153->8080/tcp
            hello  web.1    01234567  host-2  web:v1  restarting (2 restarts)  -        2 min

            """,
            _cli.Out);
    }

    [Theory]
    [InlineData("--json")]
    [InlineData("--format=json")]
    public async Task Ps_json_has_the_promised_names(string option)
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Replicas = [CliHarness.Replica("web", 1)];

        await _cli.RunAsync("ps", "hello", option);

        var replica = Assert.Single(JsonDocument.Parse(_cli.Out).RootElement.EnumerateArray());
        Assert.Equal("hello", replica.GetProperty("stack").GetString());
        Assert.Equal("web", replica.GetProperty("service").GetString());
        Assert.Equal(1, replica.GetProperty("slot").GetInt32());
        Assert.Equal("0123456789abcdef", replica.GetProperty("revision").GetString());
        Assert.Equal("h1", replica.GetProperty("host").GetString());
        Assert.StartsWith("web:v1@sha256:", replica.GetProperty("image").GetString(), StringComparison.Ordinal);
        Assert.Equal("running", replica.GetProperty("state").GetString());
        Assert.Equal("healthy", replica.GetProperty("health").GetString());
        Assert.Equal("hello-web-1-01234567", replica.GetProperty("container").GetString());
    }

    [Fact]
    public async Task Ps_quiet_prints_container_names_and_all_reaches_the_coordinator()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Replicas = [CliHarness.Replica("web", 1), CliHarness.Replica("web", 2)];

        await _cli.RunAsync("ps", "hello", "-q", "--all");

        Assert.Equal("hello-web-1-01234567\nhello-web-2-01234567\n", _cli.Out);
        Assert.Equal(["replicas hello all=True"], _cli.Coordinator.Calls);
    }

    [Fact]
    public async Task Ps_of_an_empty_stack_is_an_empty_array()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("ps", "hello", "--json"));

        Assert.Equal("[]\n", _cli.Out);
    }

    [Theory]
    [InlineData("ps helo")]
    [InlineData("history helo")]
    [InlineData("rollback helo")]
    [InlineData("resume helo")]
    [InlineData("abort helo")]
    [InlineData("watch helo")]
    [InlineData("scale helo web=2")]
    [InlineData("rm helo --yes")]
    [InlineData("logs helo")]
    public async Task Unknown_stack_is_bad_usage_with_the_known_names(string words)
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack(), CliHarness.Stack("shop")];

        var exit = await _cli.RunAsync(words.Split(' '));

        Assert.Equal(ExitCode.Usage, exit);
        Assert.Equal("error: there is no stack helo; did you mean hello? known stacks: hello, shop\n", _cli.Error);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Ls_prints_a_table_and_json()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack(), CliHarness.Stack("shop") with { State = "paused", ReplicasServing = 3, Detail = "web.2 failed" }];

        await _cli.RunAsync("ls");

        Assert.Equal(
            """
            STACK  REVISION  STATE   SERVICES  REPLICAS  DETAIL
            hello  2         stable  2         4/4
            shop   2         paused  2         3/4       web.2 failed

            """,
            _cli.Out);

        using var json = new CliHarness();
        json.Coordinator.Stacks = _cli.Coordinator.Stacks;
        await json.RunAsync("ls", "--json");
        Assert.Equal(["hello", "shop"], JsonDocument.Parse(json.Out).RootElement.EnumerateArray().Select(s => s.GetProperty("stack").GetString()));
    }

    [Fact]
    public async Task History_prints_a_table()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Revisions = [CliHarness.Revision(2, "current"), CliHarness.Revision(1, "good")];

        await _cli.RunAsync("history", "hello");

        Assert.Equal(
            """
            REVISION  AGE  STATE    SERVICES       DETAIL
            2         3 h  current  web web:v1 ×3
            1         3 h  good     web web:v1 ×3

            """,
            _cli.Out);
    }

    [Fact]
    public async Task History_json_has_the_promised_names()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Revisions = [CliHarness.Revision(2, "current")];

        await _cli.RunAsync("history", "hello", "--json");

        var revision = Assert.Single(JsonDocument.Parse(_cli.Out).RootElement.EnumerateArray());
        Assert.Equal(2, revision.GetProperty("revision").GetInt32());
        Assert.Equal("2026-01-31T09:00:00+00:00", revision.GetProperty("created").GetString());
        Assert.Equal("current", revision.GetProperty("state").GetString());
        Assert.Equal("web:v1", revision.GetProperty("services").GetProperty("web").GetProperty("image").GetString());
    }

    [Fact]
    public async Task Hosts_ls_prints_a_table()
    {
        _cli.Coordinator.Hosts =
        [
            new("h1", "ready", "20.10.24", "linux", "amd64", 8, 8L << 30, 3, ImmutableSortedDictionary<string, string>.Empty.Add("zone", "a"), "0.1.0", null, _cli.Time.GetUtcNow()),
            new("h2", "down", "20.10.24", "linux", "amd64", 8, 8L << 30, 0, ImmutableSortedDictionary<string, string>.Empty, "0.1.0", "no heartbeat", _cli.Time.GetUtcNow() - TimeSpan.FromMinutes(5)),
        ];

        await _cli.RunAsync("hosts", "ls");

        Assert.Equal(
            """
            HOST  STATE  REPLICAS  ENGINE    PLATFORM     CPUS  MEMORY   AGENT  LABELS  DETAIL
            h1    ready  3         20.10.24  linux/amd64  8     8.0 GiB  0.1.0  zone=a
            h2    down   0         20.10.24  linux/amd64  8     8.0 GiB  0.1.0          no heartbeat, last seen 5 min ago

            """,
            _cli.Out);
    }

    [Fact]
    public async Task Hosts_rm_forgets_a_known_host_and_refuses_an_unknown_one()
    {
        _cli.Coordinator.Hosts = [new("h1", "down", "", "", "", 0, 0, 0, ImmutableSortedDictionary<string, string>.Empty, "", null, null)];

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("hosts", "rm", "h2"));
        Assert.Empty(_cli.Coordinator.Calls);

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("hosts", "rm", "h1"));
        Assert.Equal(["remove host h1"], _cli.Coordinator.Calls);
    }

    [Fact]
    public async Task Logs_prefix_each_line_and_make_control_characters_visible()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Replicas = [CliHarness.Replica("db", 1), CliHarness.Replica("web", 12)];
        _cli.Coordinator.Logs.AddRange([new("web", "web.12", "h1", false, "\x1b]0;owned\x07hi"), new("db", "db.1", "h1", true, "a\tb"), new("", "", "h2", true, "h2 is down")]);

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("logs", "hello"));

        Assert.Equal("web.12 | \\x1b]0;owned\\x07hi\ndb.1   | a       b\n", _cli.Out);
        Assert.Equal("warning: h2 is down\n", _cli.Error);
    }

    [Fact]
    public async Task Logs_on_a_terminal_are_coloured_by_replica()
    {
        using var cli = new CliHarness { Terminal = new() { OutIsTerminal = true } };
        cli.Coordinator.Stacks = [CliHarness.Stack()];
        cli.Coordinator.Replicas = [CliHarness.Replica("web", 1), CliHarness.Replica("web", 2)];
        cli.Coordinator.Logs.AddRange([new("web", "web.1", "h1", false, "one"), new("web", "web.2", "h1", false, "two")]);

        await cli.RunAsync("logs", "hello");

        Assert.Equal("\x1b[36mweb.1 |\x1b[0m one\n\x1b[33mweb.2 |\x1b[0m two\n", cli.Out);
    }

    [Fact]
    public async Task Logs_options_reach_the_query()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Replicas = [CliHarness.Replica("web", 1)];

        await _cli.RunAsync("logs", "hello", "web", "-f", "--tail", "5", "--since", "10m", "-t");

        var query = _cli.Coordinator.LogsQuery!;
        Assert.Equal("web", Assert.Single(query.Services));
        Assert.True(query.Follow);
        Assert.True(query.Timestamps);
        Assert.Equal(5, query.Tail);
        Assert.Equal(_cli.Time.GetUtcNow() - TimeSpan.FromMinutes(10), query.Since);
    }

    [Theory]
    [InlineData("logs hello wen", "error: stack hello has no service wen; did you mean web? known services: web\n")]
    [InlineData("logs hello --since yesterdayish", "error: --since: `yesterdayish` is neither a duration like 10m nor a time like 2026-01-31T12:00:00Z\n")]
    public async Task Logs_bad_words_are_bad_usage(string words, string expected)
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Replicas = [CliHarness.Replica("web", 1)];

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(words.Split(' ')));

        Assert.Equal(expected, _cli.Error);
    }

    [Fact]
    public async Task Logs_json_keeps_the_text_exactly()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Logs.Add(new("web", "web.1", "h1", false, "\x1b[31m\u009bred"));

        await _cli.RunAsync("logs", "hello", "--json");

        Assert.DoesNotContain('\x1b', _cli.Out);
        Assert.DoesNotContain('\u009b', _cli.Out);
        Assert.Equal("\x1b[31m\u009bred", JsonDocument.Parse(_cli.Out).RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Version_prints_this_program_and_the_fleets_coordinator()
    {
        _cli.Contexts.Add("prod", "https://10.0.0.1:7443");
        _cli.Contexts.Use("prod");

        await _cli.RunAsync("version");

        Assert.Equal("orchestrator 0.1.0\ncoordinator 0.1.0 at https://10.0.0.1:7443 (context prod)\n", _cli.Out);
    }

    [Fact]
    public async Task Version_without_a_context_asks_nobody()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("version", "--json"));

        Assert.Null(_cli.Choice);
        Assert.Equal("0.1.0", JsonDocument.Parse(_cli.Out).RootElement.GetProperty("client").GetString());
    }

    [Fact]
    public async Task Version_with_an_unreachable_coordinator_still_succeeds()
    {
        _cli.Contexts.Add("prod", "https://10.0.0.1:7443");
        _cli.OpenFailure = new CoordinatorException(CoordinatorErrorKind.Unreachable, "nobody answers");

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("version", "--context", "prod"));

        Assert.Equal("orchestrator 0.1.0\n", _cli.Out);
        Assert.Equal("warning: nobody answers\n", _cli.Error);
    }
}
