using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>A replica that speaks something else: one conversation for each connection, on loopback.</summary>
internal sealed class TestServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<Stream, CancellationToken, Task> _converse;

    public TestServer(Func<Stream, CancellationToken, Task> converse)
    {
        _converse = converse;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The end of an HTTP/2 conversation's words: a preface, settings, and each request that has ended answered with 200 and <c>h2</c>.</summary>
    public static async Task Http2Async(Stream stream, CancellationToken cancellation)
    {
        const byte Data = 0, Headers = 1, Settings = 4, Ping = 6, Ended = 0x1, HeadersEnded = 0x4;

        // In HPACK one byte is ":status: 200".
        byte[] status = [0x88], body = "h2"u8.ToArray();
        var preface = new byte[24];
        await stream.ReadExactlyAsync(preface, cancellation);
        if (!preface.AsSpan().StartsWith("PRI * HTTP/2.0"u8)) return;
        await WriteAsync(Settings, 0, 0, []);
        var head = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(head, cancellation);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await stream.ReadExactlyAsync(payload, cancellation);
            var id = (head[5] << 24) | (head[6] << 16) | (head[7] << 8) | head[8];
            var (type, flags) = (head[3], head[4]);
            if (type is Settings or Ping && (flags & Ended) == 0) await WriteAsync(type, Ended, 0, type == Ping ? payload : []);
            if (type is not (Headers or Data) || (flags & Ended) == 0) continue;
            await WriteAsync(Headers, HeadersEnded, id, status);
            await WriteAsync(Data, Ended, id, body);
        }

        ValueTask WriteAsync(byte type, byte flags, int id, byte[] payload) => stream.WriteAsync(
            (byte[])[0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, (byte)(id >> 24), (byte)(id >> 16), (byte)(id >> 8), (byte)id, .. payload],
            cancellation);
    }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptSocketAsync(_end.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            await _converse(stream, _end.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // Client or test have gone; a health check says nothing at all.
        }
    }
}
