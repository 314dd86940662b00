namespace Orchestrator.Cli.Interaction;

/// <summary>Who read our standard output has closed it.</summary>
internal sealed class OutputClosedException(IOException inner) : Exception("standard output was closed", inner);
