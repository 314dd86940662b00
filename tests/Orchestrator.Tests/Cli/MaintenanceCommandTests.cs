using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli;

public sealed class MaintenanceCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public MaintenanceCommandTests()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Revisions = [CliHarness.Revision(2, "current")];
    }

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("maintenance on hello/web", "on=True hold=", "hello/web is in maintenance: its page is answered\n")]
    [InlineData("maintenance on hello/web --hold 30s", "on=True hold=00:00:30", "hello/web is in maintenance: its page is answered, after holding each request for up to 30 s\n")]
    [InlineData("maintenance off hello/web", "on=False hold=", "hello/web is out of maintenance: its replicas answer\n")]
    public async Task Maintenance_asks_for_just_that_and_says_what_it_is(string words, string call, string said)
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync(words.Split(' ')));

        Assert.Equal([$"maintenance hello/web {call}"], _cli.Coordinator.Calls);
        Assert.Equal(said, _cli.Out);
        Assert.True(_cli.Choice!.Changes);
    }

    [Fact]
    public async Task Maintenance_json_has_the_promised_names()
    {
        await _cli.RunAsync("maintenance", "on", "hello/web", "--hold", "30s", "--json");

        var view = JsonDocument.Parse(_cli.Out).RootElement;
        Assert.Equal("hello", view.GetProperty("stack").GetString());
        Assert.Equal("web", view.GetProperty("service").GetString());
        Assert.True(view.GetProperty("on").GetBoolean());
        Assert.Equal("00:00:30", view.GetProperty("hold").GetString());
        Assert.Equal(7, view.GetProperty("version").GetInt64());
    }

    [Theory]
    [InlineData("maintenance on helo/web", "error: there is no stack helo; did you mean hello? known stacks: hello\n")]
    [InlineData("maintenance on hello/wep", "error: stack hello has no service wep; did you mean web? known services: web\n")]
    [InlineData("maintenance off hello", "error: `hello` is not STACK/SERVICE; write it like shop/web\n")]
    [InlineData("maintenance off hello/", "error: `hello/` is not STACK/SERVICE; write it like shop/web\n")]
    [InlineData("maintenance off a/b/c", "error: `a/b/c` is not STACK/SERVICE; write it like shop/web\n")]
    public async Task Maintenance_of_what_is_not_there_is_bad_usage(string words, string said)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(words.Split(' ')));

        Assert.Equal(said, _cli.Error);
        Assert.Empty(_cli.Coordinator.Calls);
    }

    [Theory]
    [InlineData("maintenance on hello/web --hold 11m")]
    [InlineData("maintenance off hello/web --hold 1m")]
    [InlineData("maintenance hello/web")]
    public async Task Maintenance_used_wrongly_asks_nobody(string words)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(words.Split(' ')));

        Assert.Null(_cli.Choice);
    }

    [Fact]
    public async Task Ls_and_ps_show_what_is_in_maintenance()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack() with { InMaintenance = ["db", "web"], Detail = "web.2 failed" }];
        _cli.Coordinator.Replicas = ImmutableArray.Create(
            CliHarness.Replica("web", 1) with { InMaintenance = true, Ports = [] },
            CliHarness.Replica("web", 2) with { InMaintenance = true, State = "restarting", RestartCount = 1, Ports = [] },
            CliHarness.Replica("web", 3) with { InMaintenance = true, State = "retained", Ports = [] });

        await _cli.RunAsync("ls");
        await _cli.RunAsync("ps");

        Assert.Equal(
            """
            STACK  REVISION  STATE   SERVICES  REPLICAS  DETAIL
            hello  2         stable  2         4/4       in maintenance: db, web; web.2 failed
            STACK  REPLICA  REVISION  HOST  IMAGE   STATE                                   HEALTH   AGE    PORTS
            hello  web.1    01234567  h1    web:v1  running (in maintenance)                healthy  2 min
            hello  web.2    01234567  h1    web:v1  restarting (1 restart, in maintenance)  healthy  2 min
            hello  web.3    01234567  h1    web:v1  retained                                healthy  2 min

            """,
            _cli.Out);
    }
}
