using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Orchestrator.Protocol;

/// <summary>Frames over one WebSocket: a bounded queue out, one frame at a time in, so that a slow reader slows the sender and nothing piles up here.</summary>
public sealed class LinkConnection : IDisposable
{
    private const int ReadChunkBytes = 16 * 1024;

    private readonly WebSocket _socket;
    private readonly LinkOptions _options;
    private readonly TimeProvider _time;
    private readonly Channel<PooledBytes> _outbound;
    private readonly ArrayBufferWriter<byte> _inbound = new();
    private readonly CancellationTokenSource _aborted = new();
    private readonly Task _writer;
    private readonly CancellationToken _abort;
    private Task _receiving = Task.CompletedTask;
    private long _waitingBytes;
    private bool _disposed;
    private string? _writeFailure;

    /// <param name="socket">Open; this connection owns it from now on.</param>
    public LinkConnection(WebSocket socket, LinkOptions options, TimeProvider time)
    {
        _socket = socket;
        _options = options;
        _time = time;
        _abort = _aborted.Token;
        _outbound = Channel.CreateBounded<PooledBytes>(new BoundedChannelOptions(options.OutboundFramesMax) { SingleReader = true });
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Queues a frame. Never waits.</summary>
    /// <returns>Null when queued; else why the link must be closed.</returns>
    public string? Post(LinkFrame frame)
    {
        var bytes = new PooledBytes();
        using (var writer = new Utf8JsonWriter(bytes)) JsonSerializer.Serialize(writer, frame, ProtocolJson.Default.LinkFrame);
        if (Refusal(bytes) is not { } refusal) return null;
        bytes.Dispose();
        return refusal;
    }

    private string? Refusal(PooledBytes bytes)
    {
        if (bytes.Length > _options.MessageBytesMax) return $"a message of {bytes.Length} bytes is over the limit of {_options.MessageBytesMax}";
        if (Interlocked.Add(ref _waitingBytes, bytes.Length) > _options.OutboundBytesMax) return $"the other side does not read: more than {_options.OutboundBytesMax} bytes wait to be sent";
        if (_outbound.Writer.TryWrite(bytes)) return null;
        return _writeFailure ?? $"the other side does not read: {_options.OutboundFramesMax} messages wait to be sent";
    }

    /// <summary>The next frame. One call at a time.</summary>
    /// <exception cref="LinkClosedException">Closed by either side, broken, or the other side does not keep to the protocol.</exception>
    public Task<LinkFrame> ReceiveAsync()
    {
        var receiving = ReadFrameAsync();
        _receiving = receiving;
        return receiving;
    }

    /// <summary>Sends what is queued, says good-bye, and lets go of the socket; bounded by <see cref="LinkOptions.CloseTimeout"/>. Does not throw.</summary>
    public async Task CloseAsync(string reason)
    {
        _outbound.Writer.TryComplete();
        using var deadline = new CancellationTokenSource(_options.CloseTimeout, _time);
        try
        {
            await _writer.WaitAsync(deadline.Token);
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, Shorten(reason), deadline.Token);
                await DrainAsync(deadline.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or ObjectDisposedException or IOException or LinkClosedException or InvalidOperationException)
        {
            // It is closing anyway; a peer that does not take part loses only the good-bye.
        }

        Dispose();
    }

    /// <summary>At once, without a word. A second time does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        _outbound.Writer.TryComplete();
        _aborted.Cancel();
        _socket.Abort();
        _socket.Dispose();
        _aborted.Dispose();
    }

    /// <summary>Reads on until the other side has closed too: a socket that is let go with something unread resets the connection, and our last words are lost with it.</summary>
    private async Task DrainAsync(CancellationToken deadline)
    {
        await _receiving.WaitAsync(deadline);
        var buffer = new byte[ReadChunkBytes];
        while (_socket.State is WebSocketState.CloseSent)
        {
            var part = await _socket.ReceiveAsync(buffer.AsMemory(), deadline);
            if (part.MessageType == WebSocketMessageType.Close) return;
        }
    }

    private async Task<LinkFrame> ReadFrameAsync()
    {
        _inbound.ResetWrittenCount();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(_inbound.GetMemory(ReadChunkBytes), _abort);
                if (part.MessageType == WebSocketMessageType.Close) throw new LinkClosedException(DescribeClose());
                _inbound.Advance(part.Count);
                if (_inbound.WrittenCount > _options.MessageBytesMax) throw new LinkClosedException($"the other side sent a message of more than {_options.MessageBytesMax} bytes");
                if (part.EndOfMessage) break;
            }

            return JsonSerializer.Deserialize(_inbound.WrittenSpan, ProtocolJson.Default.LinkFrame)
                ?? throw new LinkClosedException("the other side sent an empty frame");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new LinkClosedException($"the other side sent a frame that is not understood: {e.Message}", e);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            throw new LinkClosedException(_writeFailure ?? $"the connection broke: {e.GetBaseException().Message}", e);
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var bytes in _outbound.Reader.ReadAllAsync(_abort))
            {
                using (bytes)
                {
                    await _socket.SendAsync(bytes.Written, WebSocketMessageType.Text, endOfMessage: true, _abort);
                    Interlocked.Add(ref _waitingBytes, -bytes.Length);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The reader notices the end and reports it.
            _writeFailure = $"sending failed: {e.GetBaseException().Message}";
            _outbound.Writer.TryComplete();
            _socket.Abort();
        }
    }

    private string DescribeClose() => string.IsNullOrEmpty(_socket.CloseStatusDescription)
        ? "closed by the other side"
        : $"closed by the other side: {_socket.CloseStatusDescription}";

    /// <summary>A close frame carries at most 123 bytes of UTF-8 (RFC 6455, 5.5).</summary>
    private static string Shorten(string reason)
    {
        const int BytesMax = 123;
        var ascii = string.Create(reason.Length, reason, static (span, text) =>
        {
            for (var i = 0; i < text.Length; i++) span[i] = char.IsAscii(text[i]) ? text[i] : '?';
        });
        return ascii.Length <= BytesMax ? ascii : ascii[..BytesMax];
    }
}
