using System.Runtime.InteropServices;

namespace Orchestrator.Cli.Interaction;

internal sealed class SystemInterrupts : IInterrupts, IDisposable
{
    private const string ShowCursor = "\x1b[?25h";

    private readonly CancellationTokenSource _asked = new();
    private readonly ITerminal _terminal;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public SystemInterrupts(ITerminal terminal)
    {
        _terminal = terminal;
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    public CancellationToken Asked => _asked.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _asked.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_asked.IsCancellationRequested)
        {
            // A live display hides the cursor and will not come to show it again.
            if (_terminal is { ErrorIsTerminal: true, AllowsEscapes: true })
                _terminal.Error.Write(ShowCursor);
            Environment.Exit(ExitCode.Interrupted);
        }

        // Callbacks of the token must not run on the signal's thread: they may wait for the command they cancel.
        _ = _asked.CancelAsync();
    }
}
