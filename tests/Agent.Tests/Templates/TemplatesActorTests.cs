using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Templates;
using Orchestrator.Agent.Traffic;
using static Orchestrator.Agent.Tests.Templates.TemplateFolder;

namespace Orchestrator.Agent.Tests.Templates;

/// <summary>The sink with real files and commands.</summary>
public sealed class TemplatesActorTests : TestKit
{
    private const string Upstreams = "{{range gets \"/stacks/shop/services/web/upstreams/80/*\"}}{{base .Key}}={{.Value}}\n{{end}}";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly TemplateFolder _folder = new();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _folder.Dispose();
    }

    [Fact]
    public void Folder_without_resources_shows_everything_at_once()
    {
        Start().Tell(Apply(1, Serving("a"), Draining("b")), TestActor);

        Applied(1);
        Drained("b@h1");
    }

    [Fact]
    public void Destination_is_written_with_its_mode_and_loaded_before_it_is_acknowledged()
    {
        _folder.With("web", Upstreams, $"mode = '0640'\nreload_cmd = 'cat {_folder.Out}/web >> {_folder.Out}/loaded'");
        var sink = Start();

        sink.Tell(Apply(1, Serving("a")), TestActor);
        Applied(1);
        Assert.Equal("a@h1=127.0.0.1:80\n", _folder.Read("loaded"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(Path.Combine(_folder.Out, "web")));

        // What changes nothing of it loads nothing.
        sink.Tell(Apply(2, Serving("a")), TestActor);
        Applied(2);
        Assert.Equal("a@h1=127.0.0.1:80\n", _folder.Read("loaded"));
        Assert.Equal(["loaded", "web"], Directory.EnumerateFiles(_folder.Out).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Failing_check_changes_nothing_and_says_what_the_command_said()
    {
        _folder.With("web", Upstreams, $"check_cmd = 'grep -q a@h1 {{{{.src}}}} || (echo no a in it >&2; exit 3)'\nreload_cmd = 'echo x >> {_folder.Out}/loaded'");
        var sink = Start();
        sink.Tell(Apply(1, Serving("a")), TestActor);
        Applied(1);

        sink.Tell(Apply(2, Serving("b")), TestActor);
        var hindered = FishForMessage<SinkMessage.Hindered>(m => m.Number == 2, Patience);
        Assert.Equal(("template web.toml", false), (hindered.Problem.Sink, hindered.Problem.IsFinal));
        Assert.Contains("check_cmd ended with 3", hindered.Problem.Message, StringComparison.Ordinal);
        Assert.Contains("no a in it", hindered.Problem.Message, StringComparison.Ordinal);
        Assert.Equal("a@h1=127.0.0.1:80\n", _folder.Read("web"));
        Assert.Equal("x\n", _folder.Read("loaded"));

        sink.Tell(Apply(3, Serving("a"), Serving("b")), TestActor);
        Applied(3);
        Assert.Equal("x\nx\n", _folder.Read("loaded"));
    }

    [Fact]
    public void Failing_reload_is_tried_again_and_holds_the_acknowledgement_until_it_has_succeeded()
    {
        _folder.With("web", Upstreams, $"reload_cmd = 'echo x >> {_folder.Out}/tries; test -e {_folder.Out}/open || (echo not yet; exit 1)'");
        Start().Tell(Apply(1, Serving("a")), TestActor);

        Assert.Contains("not yet", FishForMessage<SinkMessage.Hindered>(_ => true, Patience).Problem.Message, StringComparison.Ordinal);
        AwaitAssert(() => Assert.True(_folder.Read("tries").Length >= 6), Patience);
        Assert.Equal("a@h1=127.0.0.1:80\n", _folder.Read("web"));
        Assert.True(_folder.Has(".web.reload-due"));
        File.WriteAllText(Path.Combine(_folder.Out, "open"), "");
        Applied(1);
        Assert.False(_folder.Has(".web.reload-due"));
    }

    [Fact]
    public void Reload_that_is_owed_outlives_the_agent()
    {
        _folder.With("web", Upstreams, $"reload_cmd = 'test -e {_folder.Out}/open && echo x >> {_folder.Out}/loaded'");
        var first = Start();
        first.Tell(Apply(1, Serving("a")), TestActor);
        FishForMessage<SinkMessage.Hindered>(_ => true, Patience);
        Watch(first);
        Sys.Stop(first);
        FishForMessage<Terminated>(_ => true, Patience);
        File.WriteAllText(Path.Combine(_folder.Out, "open"), "");

        Start().Tell(Apply(1, Serving("a")), TestActor);
        Applied(1);
        Assert.Equal("x\n", _folder.Read("loaded"));

        Start().Tell(Apply(1, Serving("a")), TestActor);
        Applied(1);
        Assert.Equal("x\n", _folder.Read("loaded"));
    }

    [Fact]
    public void Destination_changed_by_hand_is_written_again_at_the_audit()
    {
        _folder.With("web", Upstreams, $"reload_cmd = 'echo x >> {_folder.Out}/loaded'");
        Start(Quick with { AuditInterval = TimeSpan.FromMilliseconds(100) }).Tell(Apply(1, Serving("a")), TestActor);
        Applied(1);

        File.WriteAllText(Path.Combine(_folder.Out, "web"), "by hand");
        AwaitAssert(() => Assert.Equal(("a@h1=127.0.0.1:80\n", "x\nx\n"), (_folder.Read("web"), _folder.Read("loaded"))), Patience);
    }

    [Fact]
    public void Draining_endpoint_counts_as_drained_its_time_after_the_reload()
    {
        _folder.With("web", Upstreams, $"reload_cmd = 'test -e {_folder.Out}/open'");
        var sink = Start();
        sink.Tell(Apply(1, Serving("a"), Draining("b")), TestActor);
        Drained();
        FishForMessage<SinkMessage.Hindered>(_ => true, Patience);
        File.WriteAllText(Path.Combine(_folder.Out, "open"), "");
        Applied(1);
        var started = TimeProvider.System.GetTimestamp();
        Drained("b@h1");
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.FromMilliseconds(200), Patience);

        // Back in service and away again: its time begins anew.
        sink.Tell(Apply(2, Serving("a"), Serving("b")), TestActor);
        Drained();
        Applied(2);
        sink.Tell(Apply(3, Serving("a"), Draining("b")), TestActor);
        Drained();
        Drained("b@h1");
    }

    [Fact]
    public void Resource_that_cannot_see_an_endpoint_does_not_hold_it()
    {
        _folder.With("other", "x", "keys = ['/stacks/other']");
        Start().Tell(Apply(1, Draining("b") with { DrainTimeout = TimeSpan.FromHours(1) }), TestActor);

        Drained("b@h1");
    }

    [Fact]
    public void Resource_may_state_its_own_time_to_drain()
    {
        _folder.With("web", Upstreams, "drain = '0s'");
        Start().Tell(Apply(1, Draining("b") with { DrainTimeout = TimeSpan.FromHours(1) }), TestActor);

        Applied(1);
        Drained("b@h1");
    }

    [Fact]
    public void One_resource_that_fails_is_named_and_the_others_are_loaded()
    {
        _folder.With("bad", "{{getv \"/none\"}}").With("good", Upstreams);
        Start().Tell(Apply(1, Serving("a")), TestActor);

        var problem = FishForMessage<SinkMessage.Hindered>(_ => true, Patience).Problem;
        Assert.Equal("template bad.toml", problem.Sink);
        Assert.Contains("bad.tmpl:1:3: getv: there is no key /none", problem.Message, StringComparison.Ordinal);
        AwaitAssert(() => Assert.Equal("a@h1=127.0.0.1:80\n", _folder.Read("good")), Patience);
        File.WriteAllText(_folder.In("templates/bad.tmpl"), "mended");
        Applied(1);
    }

    [Fact]
    public void Resource_that_cannot_be_read_hinders_until_it_is_corrected()
    {
        _folder.With("web", Upstreams, "nonsense = 1");
        Start(Quick with { AuditInterval = TimeSpan.FromMilliseconds(100) }).Tell(Apply(1, Serving("a")), TestActor);
        Assert.Contains("web.toml:4:12: the key nonsense is not known", FishForMessage<SinkMessage.Hindered>(_ => true, Patience).Problem.Message, StringComparison.Ordinal);

        _folder.With("web", Upstreams);
        Applied(1);
        Assert.Equal("a@h1=127.0.0.1:80\n", _folder.Read("web"));
    }

    [Fact]
    public void Command_that_takes_too_long_is_ended_with_all_it_has_started()
    {
        _folder.With("web", Upstreams, $"check_cmd = 'echo $$ > {_folder.Out}/group; sleep 600 & sleep 600'");
        Start(Quick with { CommandTimeout = TimeSpan.FromMilliseconds(500), RetryMin = TimeSpan.FromMinutes(1), RetryMax = TimeSpan.FromMinutes(1) }).Tell(Apply(1, Serving("a")), TestActor);

        Assert.Contains("check_cmd took longer than 0.5 s and was ended", FishForMessage<SinkMessage.Hindered>(_ => true, Patience).Problem.Message, StringComparison.Ordinal);
        var group = _folder.Read("group").Trim();
        Assert.NotEmpty(group);
        AwaitAssert(() => Assert.Empty(MembersOf(group)), Patience);
    }

    [Fact]
    public void Reload_that_leaves_a_daemon_with_the_pipe_is_not_waited_for()
    {
        _folder.With("web", Upstreams, $"reload_cmd = 'sleep 600 & echo $! > {_folder.Out}/daemon'");
        Start().Tell(Apply(1, Serving("a")), TestActor);

        Applied(1);
        using var daemon = System.Diagnostics.Process.GetProcessById(int.Parse(_folder.Read("daemon"), System.Globalization.CultureInfo.InvariantCulture));
        Assert.False(daemon.HasExited);
        daemon.Kill();
    }

    [Fact]
    public void Link_at_the_destination_stays_a_link()
    {
        var real = Path.Combine(_folder.Out, "available");
        File.WriteAllText(real, "");
        File.CreateSymbolicLink(Path.Combine(_folder.Out, "web"), real);
        _folder.With("web", Upstreams);
        Start().Tell(Apply(1, Serving("a")), TestActor);

        Applied(1);
        Assert.Equal((real, "a@h1=127.0.0.1:80\n"), (new FileInfo(Path.Combine(_folder.Out, "web")).LinkTarget, File.ReadAllText(real)));
    }

    private IActorRef Start(TemplateOptions? options = null) => Sys.ActorOf(_folder.Sink(options));

    private void Applied(long number) => Assert.Equal("templates", FishForMessage<SinkMessage.Applied>(m => m.Number == number, Patience).Sink);

    private void Drained(params string[] endpoints) => FishForMessage<SinkMessage.Drained>(m => m.Endpoints.SetEquals(endpoints), Patience);

    /// <summary>Processes of a group that still run, by their numbers.</summary>
    private static IEnumerable<string> MembersOf(string leader) =>
        from folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0]))
        let stat = StatOf(folder)
        where stat.Length > 2 && stat[0] != "Z" && stat[2] == leader
        select folder;

    private static string[] StatOf(string folder)
    {
        try
        {
            return File.ReadAllText(folder + "/stat").Split(") ")[^1].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
