using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>Answers HTTP with its name, fails <c>/fault</c>, holds <c>/held</c> until it is released, and echoes whatever is not HTTP, <c>/socket</c> and what follows it too.</summary>
internal sealed class TestReplica : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _isEnded;

    public TestReplica(string name)
    {
        Name = name;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public string Name { get; }

    public int Port { get; }

    /// <summary>Ends when a request has come that is held.</summary>
    public Task Held => _held.Task;

    public void Release() => _release.TrySetResult();

    public void Dispose()
    {
        // Some tests end a replica before they end themselves.
        if (_isEnded) return;
        _isEnded = true;
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
        using (socket)
        {
            try
            {
                var buffer = new byte[16 * 1024];
                var pending = "";
                while (await socket.ReceiveAsync(buffer, _end.Token) is > 0 and var read)
                {
                    pending += Encoding.ASCII.GetString(buffer, 0, read);
                    if (!pending.StartsWith("GET ", StringComparison.Ordinal))
                    {
                        await socket.SendAsync(Encoding.ASCII.GetBytes(pending), _end.Token);
                        pending = "";
                        continue;
                    }

                    if (!pending.EndsWith("\r\n\r\n", StringComparison.Ordinal)) continue;
                    if (pending.StartsWith("GET /held", StringComparison.Ordinal))
                    {
                        _held.TrySetResult();
                        await _release.Task;
                    }

                    if (pending.StartsWith("GET /socket", StringComparison.Ordinal))
                    {
                        pending = "";
                        await socket.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"u8.ToArray(), _end.Token);
                        continue;
                    }

                    if (pending.StartsWith("GET /fault", StringComparison.Ordinal))
                    {
                        pending = "";
                        await socket.SendAsync("HTTP/1.1 500 Fault\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _end.Token);
                        continue;
                    }

                    var body = $"{Name} {pending}";
                    pending = "";
                    await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"), _end.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Client or test have gone.
            }
        }
    }
}
