using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;
using Orchestrator.Probing;

namespace Orchestrator.Cli;

/// <summary>Everything outside the command line that commands use; the composition root fills it with the real ones, tests with fakes.</summary>
internal sealed record CliServices
{
    public required ITerminal Terminal { get; init; }

    public required IInterrupts Interrupts { get; init; }

    public required TimeProvider Time { get; init; }

    public required ICoordinatorFactory Coordinators { get; init; }

    public required IContexts Contexts { get; init; }

    public required IDaemon Daemon { get; init; }

    public required IStackFiles StackFiles { get; init; }

    /// <summary>What <c>--probe</c> asks with.</summary>
    public required Func<ProbeOptions, IProbeTransport> ProbeTransport { get; init; }

    /// <summary>Null when the variable is not set.</summary>
    public required Func<string, string?> Environment { get; init; }

    /// <summary>This program's version.</summary>
    public required string Version { get; init; }
}
