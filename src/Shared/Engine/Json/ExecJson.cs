namespace Orchestrator.Engine.Json;

internal static class ExecJson
{
    internal sealed record Create
    {
        public bool AttachStdout { get; init; } = true;

        public bool AttachStderr { get; init; } = true;

        public required IReadOnlyList<string> Cmd { get; init; }

        public string? User { get; init; }

        public string? WorkingDir { get; init; }

        public IReadOnlyList<string>? Env { get; init; }
    }

    internal sealed record Start(bool Detach, bool Tty);

    /// <param name="ExitCode">Null while it runs.</param>
    internal sealed record Details(bool Running, int? ExitCode);
}
