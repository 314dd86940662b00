namespace Orchestrator.Agent.Logs;

/// <summary>To one stream of log lines.</summary>
internal abstract record LogsMessage
{
    /// <summary>The reader has taken so many batches.</summary>
    public sealed record Credit(int Batches) : LogsMessage;
}
