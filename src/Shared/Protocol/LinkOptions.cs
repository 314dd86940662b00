namespace Orchestrator.Protocol;

/// <summary>The link's waits and bounds; the same on both ends.</summary>
public sealed record LinkOptions
{
    /// <summary>A dead host is noticed in seconds, and a thousand idle links cost 500 small messages a second. Default 2 s.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Intervals without any frame after which the other side is dead: 8 s by default, which outlasts a lost segment's retransmissions and a collection of garbage.</summary>
    public int MissesMax { get; init; } = 4;

    /// <summary>From the open socket to the other side's hello, and from there to the fleet's answer. Default 10 s.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>To send what is queued and say good-bye when closing on purpose. Default 2 s.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Frames that wait for the socket. Overflow closes the link: whatever is lost is repeated after the reconnect, since delivery is at least once. Default 4096.</summary>
    public int OutboundFramesMax { get; init; } = 4096;

    /// <summary>Bytes that wait for the socket; overflow as above. Default 64 MiB.</summary>
    public long OutboundBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>Of one frame, either way. Default <see cref="LinkProtocol.MessageBytesMax"/>.</summary>
    public int MessageBytesMax { get; init; } = LinkProtocol.MessageBytesMax;

    /// <summary>The first wait before dialling again; doubles from then on. Default 250 ms.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest wait before dialling again. Default 8 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(8);
}
