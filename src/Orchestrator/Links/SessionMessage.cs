using Orchestrator.Protocol;

namespace Orchestrator.Links;

/// <summary>What <see cref="AgentSessionActor"/> tells itself.</summary>
internal abstract record SessionMessage
{
    internal sealed record FrameReceived(LinkFrame Frame) : SessionMessage;

    internal sealed record ReceiveFailed(string Reason) : SessionMessage;

    internal sealed record Beat : SessionMessage;

    /// <summary>The handshake took too long.</summary>
    internal sealed record Overdue : SessionMessage;
}
