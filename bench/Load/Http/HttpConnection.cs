using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Load.Generating;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Http;

/// <summary>
/// One HTTP/1.1 connection, one request at a time. By hand, because the instrument has to say exactly at which byte a request broke,
/// and no client library may retry behind its back. It understands answers with a content length, which is what the application sends.
/// </summary>
public sealed class HttpConnection : IDisposable
{
    private const int BufferBytes = 8192;

    private readonly Socket _socket;
    private readonly TimeSpan _timeout;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private CancellationTokenSource _limit = new();
    private int _filled;
    private int _headBytes;
    private int _answers;

    private HttpConnection(Socket socket, TimeSpan timeout) => (_socket, _timeout) = (socket, timeout);

    public int Status { get; private set; }

    public long ContentLength { get; private set; }

    /// <summary>The other side ends the connection after this answer.</summary>
    public bool Closes { get; private set; }

    /// <summary>Of the last answer; empty when it named none.</summary>
    public string Version { get; private set; } = "";

    public string Replica { get; private set; } = "";

    /// <summary>The other side has closed it while it was idle, as it may at any time: it cannot be used again.</summary>
    public bool ClosedWhileIdle
    {
        get
        {
            try
            {
                return _socket.Poll(0, SelectMode.SelectRead);
            }
            catch (SocketException)
            {
                return true;
            }
        }
    }

    /// <param name="timeout">For the connect, and later for each silence between two bytes.</param>
    public static async Task<(HttpConnection? Connection, Outcome Outcome)> ConnectAsync(Target target, TimeSpan timeout)
    {
        var socket = new Socket(target.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var limit = new CancellationTokenSource(timeout);
        try
        {
            await socket.ConnectAsync(target.EndPoint, limit.Token);
            return (new HttpConnection(socket, timeout), Outcome.Success);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            return (null, Outcome.Failure(FailureReason.ConnectTimeout, $"no connection in {timeout.TotalSeconds:0.#} s"));
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            var reason = refused.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => FailureReason.ConnectRefused,
                SocketError.TimedOut => FailureReason.ConnectTimeout,
                _ => FailureReason.ConnectError,
            };
            return (null, Outcome.Failure(reason, refused.Message));
        }
    }

    /// <summary>Sends the request and reads its whole answer.</summary>
    public async ValueTask<Outcome> RequestAsync(ReadOnlyMemory<byte> request)
    {
        var outcome = await HeadAsync(request);
        return outcome.IsSuccess ? await BodyAsync() : outcome;
    }

    /// <summary>Sends the request and reads the head of its answer; other than 2xx and 101 is a failure.</summary>
    public async ValueTask<Outcome> HeadAsync(ReadOnlyMemory<byte> request)
    {
        _filled = 0;
        try
        {
            for (var sent = 0; sent < request.Length;)
                sent += await _socket.SendAsync(request[sent..], SocketFlags.None, Limit());
            while (true)
            {
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(_filled), SocketFlags.None, Limit());
                if (read == 0)
                    return Broken(FailureReason.EarlyEnd, "closed before its answer");
                _filled += read;
                var end = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8);
                if (end >= 0)
                {
                    _headBytes = end + 4;
                    break;
                }
                if (_filled == _buffer.Length)
                    return Outcome.Failure(FailureReason.Protocol, $"the head of the answer is longer than {BufferBytes} bytes");
            }
            return ParseHead(_buffer.AsSpan(0, _headBytes - 2));
        }
        catch (SocketException broken)
        {
            return Broken(FailureReason.Reset, broken.Message);
        }
        catch (OperationCanceledException)
        {
            return Outcome.Failure(FailureReason.Timeout, $"no answer for {_timeout.TotalSeconds:0.#} s");
        }
    }

    /// <summary>Reads what the head has promised.</summary>
    public async ValueTask<Outcome> BodyAsync()
    {
        long got = _filled - _headBytes;
        _answers++;
        try
        {
            while (got < ContentLength)
            {
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, Limit());
                if (read == 0)
                    return Outcome.Failure(FailureReason.EarlyEnd, $"closed after {got} of {ContentLength} bytes");
                got += read;
            }
            return got == ContentLength
                ? Outcome.Success
                : Outcome.Failure(FailureReason.Protocol, $"{got} bytes came where {ContentLength} were promised");
        }
        catch (SocketException broken)
        {
            return Outcome.Failure(FailureReason.Reset, $"{broken.Message} after {got} of {ContentLength} bytes");
        }
        catch (OperationCanceledException)
        {
            return Outcome.Failure(FailureReason.Timeout, $"no byte for {_timeout.TotalSeconds:0.#} s after {got} of {ContentLength} bytes");
        }
    }

    /// <summary>
    /// Waits for the other side's end, so that it keeps the closed connection's port in TIME_WAIT and not this side, which would run out
    /// of ports. However that goes, the answer was complete.
    /// </summary>
    public async ValueTask PeerEndAsync()
    {
        try
        {
            while (await _socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, Limit()) > 0)
            {
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException)
        {
            // Ended all the same.
        }
    }

    /// <summary>The raw stream after a 101; it owns the socket.</summary>
    public NetworkStream Upgrade() => new(_socket, ownsSocket: true);

    public void Dispose()
    {
        _socket.Dispose();
        _limit.Dispose();
    }

    private Outcome Broken(FailureReason reason, string detail) => _answers > 0 && _filled == 0
        ? Outcome.Failure(FailureReason.StaleConnection, $"{detail} (kept connection, after {_answers} answers)")
        : Outcome.Failure(reason, detail);

    /// <summary>One limit is rearmed for each step: two thousand new timers a second are not free.</summary>
    private CancellationToken Limit()
    {
        if (!_limit.TryReset())
        {
            _limit.Dispose();
            _limit = new CancellationTokenSource();
        }
        _limit.CancelAfter(_timeout);
        return _limit.Token;
    }

    private Outcome ParseHead(ReadOnlySpan<byte> head)
    {
        var line = head[..head.IndexOf("\r\n"u8)];
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || !Utf8Parser.TryParse(line[9..12], out int status, out _))
            return Outcome.Failure(FailureReason.Protocol, $"not an HTTP/1.1 answer: {Encoding.Latin1.GetString(line)}");
        (Status, ContentLength, Closes) = (status, -1, false);
        var chunked = false;
        for (var rest = head[(line.Length + 2)..]; rest.Length > 0;)
        {
            var end = rest.IndexOf("\r\n"u8);
            var field = rest[..end];
            var colon = field.IndexOf((byte)':');
            rest = rest[(end + 2)..];
            if (colon <= 0)
                continue;
            var name = field[..colon];
            var value = field[(colon + 1)..].Trim((byte)' ');
            if (Ascii.EqualsIgnoreCase(name, "content-length"u8) && Utf8Parser.TryParse(value, out long length, out _))
                ContentLength = length;
            else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
                Closes = Ascii.EqualsIgnoreCase(value, "close"u8);
            else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
                chunked = true;
            else if (Ascii.EqualsIgnoreCase(name, "x-version"u8))
                Version = Same(Version, value);
            else if (Ascii.EqualsIgnoreCase(name, "x-replica"u8))
                Replica = Same(Replica, value);
        }
        if (status is not (>= 200 and < 300 or 101))
            return Outcome.Failure(FailureReason.Status, string.Create(CultureInfo.InvariantCulture, $"status {status}"));
        return ContentLength < 0 && status is not 101
            ? Outcome.Failure(FailureReason.Protocol, chunked ? "a chunked answer, which the application never sends" : "an answer without a length")
            : Outcome.Success;
    }

    /// <summary>Answers of one replica repeat themselves; a text is made only when it has changed.</summary>
    private static string Same(string last, ReadOnlySpan<byte> now) => Ascii.Equals(now, last) ? last : Encoding.Latin1.GetString(now);
}
