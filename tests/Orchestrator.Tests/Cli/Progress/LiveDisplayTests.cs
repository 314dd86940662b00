using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Tests.Cli.Fakes;

namespace Orchestrator.Tests.Cli.Progress;

public sealed class LiveDisplayTests
{
    [Fact]
    public async Task Live_display_redraws_on_its_timer_keeps_failures_and_shows_the_cursor_again()
    {
        using var cli = new CliHarness { Terminal = new() { ErrorIsTerminal = true, OutIsTerminal = true } };
        cli.Coordinator.GoesOn = true;
        cli.Coordinator.Events.AddRange(
        [
            new ChangeEvent.Accepted("hello", "c1", 2),
            new ChangeEvent.ServiceStarted("web", ServiceAction.Update, 2),
            new ChangeEvent.ReplicaMoved("web", 1, "h1", "b", ReplicaStep.Gating, "\x1b[2Jprobe"),
            new ChangeEvent.ReplicaFailed("web", 2, "h1", "b", new FailureReport { Stage = ReplicaStage.Start, Message = "no such command" }),
        ]);

        var run = cli.RunAsync("deploy", "stack.yaml");
        if (await Task.WhenAny(run, cli.Coordinator.Silent) == run) Assert.Equal("", cli.Error);
        Assert.Same(cli.Coordinator.Silent, await Task.WhenAny(run, cli.Coordinator.Silent));
        cli.Time.Advance(TimeSpan.FromSeconds(7));
        var drawn = cli.Error;
        cli.PressCtrlC();

        Assert.Equal(ExitCode.Interrupted, await run);
        Assert.Contains("7.0 s", drawn, StringComparison.Ordinal);
        Assert.Contains("web.2 on h1: failed while it was started: no such command", drawn, StringComparison.Ordinal);
        Assert.Contains("\\x1b[2Jprobe", drawn, StringComparison.Ordinal);
        Assert.DoesNotContain("\x1b[2J", drawn, StringComparison.Ordinal);
        Assert.Contains("\x1b[?25l", drawn, StringComparison.Ordinal);
        Assert.True(cli.Error.LastIndexOf("\x1b[?25h", StringComparison.Ordinal) > cli.Error.LastIndexOf("\x1b[?25l", StringComparison.Ordinal));
    }
}
