namespace Orchestrator.Cli;

/// <summary>Ends a command with a message for the user and an exit code. The message says what, where, why, and what to do next.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static CliException Usage(string message) => new(Cli.ExitCode.Usage, message);
}
