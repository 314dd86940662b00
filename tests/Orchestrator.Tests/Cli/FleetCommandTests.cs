using System.Text.Json;
using Orchestrator.Cli;
using Orchestrator.Networks;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli;

/// <summary><c>context</c>, <c>token</c> and <c>serve</c>.</summary>
public sealed class FleetCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Context_ls_marks_the_current_one()
    {
        _cli.Contexts.Add("prod", "https://10.0.0.1:7443");
        _cli.Contexts.Use("prod");

        await _cli.RunAsync("context", "ls");

        Assert.Equal(
            """
            CONTEXT  CURRENT  COORDINATOR            ROLE
            local             this machine's engine
            prod     *        https://10.0.0.1:7443  operator

            """,
            _cli.Out);
    }

    [Fact]
    public async Task Context_ls_json_lists_the_local_engine_too()
    {
        await _cli.RunAsync("context", "ls", "--json");

        var local = Assert.Single(JsonDocument.Parse(_cli.Out).RootElement.EnumerateArray());
        Assert.Equal("local", local.GetProperty("name").GetString());
        Assert.True(local.GetProperty("current").GetBoolean());
    }

    [Fact]
    public async Task Context_use_changes_the_current_one_and_local_goes_back()
    {
        _cli.Contexts.Add("prod", "https://10.0.0.1:7443");

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("context", "use", "prod"));
        Assert.Equal("prod", _cli.Contexts.Current);
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("context", "use", "local"));
        Assert.Null(_cli.Contexts.Current);
    }

    [Fact]
    public async Task Context_use_unknown_is_bad_usage()
    {
        _cli.Contexts.Add("prod", "https://10.0.0.1:7443");

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("context", "use", "prd"));

        Assert.Equal("error: there is no context prd; did you mean prod? known contexts: local, prod\n", _cli.Error);
    }

    [Theory]
    [InlineData("context show", "local\n")]
    [InlineData("context show --context prod", "prod\n")]
    [InlineData("context show --context default", "local\n")]
    public async Task Context_show_names_the_context_commands_use(string words, string expected)
    {
        _cli.Contexts.Add("prod", "https://10.0.0.1:7443");

        Assert.Equal(ExitCode.Done, await _cli.RunAsync(words.Split(' ')));

        Assert.Equal(expected, _cli.Out);
    }

    [Fact]
    public async Task Context_join_and_rm()
    {
        _cli.Environment["USER"] = "alice";

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("context", "join", "prod", "10.0.0.1:7443", "--token", "orc1.x", "--use"));
        Assert.Equal("prod https://10.0.0.1:7443/ orc1.x alice", _cli.Contexts.Joined);
        Assert.Equal("prod", _cli.Contexts.Current);

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("context", "rm", "prod"));
        Assert.Empty(_cli.Contexts.List());
    }

    [Fact]
    public async Task Context_option_and_variable_choose_the_coordinator_and_the_option_wins()
    {
        _cli.Environment[GlobalOptions.ContextVariable] = "stage";

        await _cli.RunAsync("ls");
        Assert.Equal("stage", _cli.Choice!.Context);

        await _cli.RunAsync("ls", "--context", "local");
        Assert.True(_cli.Choice!.IsLocal);
    }

    [Fact]
    public async Task Token_create_asks_the_coordinator_and_prints_only_the_token()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("token", "create", "--role", "agent", "--ttl", "2h"));

        Assert.Equal("orc1.digest.id.secret\n", _cli.Out);
        Assert.Equal(["token agent 02:00:00"], _cli.Coordinator.Calls);
    }

    [Fact]
    public async Task Token_create_from_a_data_folder_asks_no_coordinator()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("token", "create", "--role", "agent", "--data-dir", "/srv/o"));

        Assert.Equal("/srv/o agent 01:00:00", _cli.Daemon.TokenAsked);
        Assert.Null(_cli.Choice);
    }

    [Fact]
    public async Task Token_create_without_a_fleet_is_bad_usage()
    {
        using var cli = new CliHarness { IsFleet = false };

        Assert.Equal(ExitCode.Usage, await cli.RunAsync("token", "create", "--role", "agent"));
    }

    [Fact]
    public async Task Serve_passes_its_settings()
    {
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("serve", "--init", "--context", "fleet", "--data-dir", "d", "--listen", "10.0.0.1:7443", "--advertise", "a.example:7443", "--advertise", "b.example:7443", "--overlay-prefix", "17", "--overlay-host-prefix", "27"));

        var settings = _cli.Daemon.Settings!;
        Assert.Equal(new OverlayOptions { NetworkPrefix = 17, SlicePrefix = 27 }, settings.Overlay);
        Assert.True(settings.Initialise);
        Assert.Equal("fleet", settings.Context);
        Assert.Equal("d", settings.DataDirectory);
        Assert.Equal("10.0.0.1:7443", settings.Listen);
        Assert.Equal("a.example:7443,b.example:7443", string.Join(',', settings.Advertise));
    }

    [Fact]
    public async Task Serve_refuses_networks_that_do_not_fit()
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("serve", "--overlay-prefix", "8"));
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("serve", "--overlay-host-prefix", "31"));
    }

    [Fact]
    public async Task Serve_reads_where_endpoints_are_written_for_others()
    {
        var folder = Directory.CreateTempSubdirectory("etcd-options-").FullName;
        try
        {
            var password = Path.Combine(folder, "password");
            await File.WriteAllTextAsync(password, "hidden\n");
            Assert.Equal(ExitCode.Done, await _cli.RunAsync("serve", "--etcd", "http://a:2379, https://b:2379", "--etcd-prefix", "/x/", "--etcd-lease", "0", "--etcd-user", "u", "--etcd-password-file", password, "--etcd-ca", password));

            var etcd = _cli.Daemon.Settings!.Etcd!;
            Assert.Equal("http://a:2379/ https://b:2379/", string.Join(' ', etcd.Endpoints));
            Assert.Equal(("/x", TimeSpan.Zero, "u", "hidden", password), (etcd.Prefix, etcd.Lease, etcd.Login!.User, etcd.Login.Password, etcd.AuthorityFile));
            Assert.DoesNotContain("hidden", etcd.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("serve --etcd ftp://a", "is no address of etcd")]
    [InlineData("serve --etcd http://a:2379,", "is no address of etcd")]
    [InlineData("serve --etcd http://u:p@a:2379", "a user is given with --etcd-user")]
    [InlineData("serve --etcd http://a:2379 --etcd-prefix x", "is no path")]
    [InlineData("serve --etcd http://a:2379 --etcd-lease 1s", "is not between 5s and 24h")]
    [InlineData("serve --etcd http://a:2379 --etcd-user u", "belong together")]
    [InlineData("serve --etcd http://a:2379 --etcd-ca /no/such", "there is no file")]
    [InlineData("serve --etcd-lease 60s", "of no use without --etcd")]
    public async Task Serve_refuses_etcd_options_that_cannot_work(string line, string expected)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(line.Split(' ')));
        Assert.Contains(expected, _cli.Error, StringComparison.Ordinal);
        Assert.Null(_cli.Daemon.Settings);
    }

    [Theory]
    [InlineData("serve --listen 10.0.0.1")]
    [InlineData("serve --listen 10.0.0.1:99999")]
    [InlineData("serve --advertise :x")]
    public async Task Serve_bad_address_is_bad_usage(string words)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(words.Split(' ')));

        Assert.Contains("is not HOST:PORT", _cli.Error, StringComparison.Ordinal);
        Assert.Null(_cli.Daemon.Settings);
    }
}
