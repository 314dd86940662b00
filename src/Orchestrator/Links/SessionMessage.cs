using Orchestrator.Protocol;

namespace Orchestrator.Links;

/// <summary>What <see cref="AgentSessionActor"/> tells itself, and its parent tells it.</summary>
internal abstract record SessionMessage
{
    internal sealed record FrameReceived(LinkFrame Frame) : SessionMessage;

    internal sealed record ReceiveFailed(string Reason) : SessionMessage;

    /// <summary>The parent's, to all sessions at once.</summary>
    internal sealed record Beat : SessionMessage;

    /// <summary>The handshake took too long.</summary>
    internal sealed record Overdue : SessionMessage;
}
