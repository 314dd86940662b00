using Orchestrator.Protocol;

namespace Orchestrator.Agent.Links;

/// <summary>What <see cref="LinkActor"/> tells itself.</summary>
internal abstract record LinkMessage
{
    internal sealed record Dial : LinkMessage;

    internal sealed record Dialled(LinkConnection Connection) : LinkMessage;

    internal sealed record DialFailed(string Reason) : LinkMessage;

    /// <param name="Connection">Which link it came from: one that has been given up may still speak.</param>
    internal sealed record FrameReceived(LinkConnection Connection, LinkFrame Frame) : LinkMessage;

    internal sealed record ReceiveFailed(LinkConnection Connection, string Reason) : LinkMessage;

    internal sealed record Beat : LinkMessage;

    /// <summary>The coordinator said no hello in time.</summary>
    internal sealed record Overdue : LinkMessage;
}
