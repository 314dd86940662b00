namespace Orchestrator.Cli.Interaction;

/// <summary>Ctrl-C and SIGTERM. The first asks; the second ends the process at once and reaches no command.</summary>
internal interface IInterrupts
{
    CancellationToken Asked { get; }
}
