using System.Text;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>Answers HTTP with its name, fails <c>/fault</c>, holds <c>/held</c> until it is released, and echoes whatever is not HTTP, <c>/socket</c> and what follows it too.</summary>
internal sealed class TestReplica : IDisposable
{
    private readonly TestServer _server;
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _isEnded;

    public TestReplica(string name)
    {
        Name = name;
        _server = new TestServer(ConverseAsync);
    }

    public string Name { get; }

    public int Port => _server.Port;

    /// <summary>Ends when a request has come that is held.</summary>
    public Task Held => _held.Task;

    public void Release() => _release.TrySetResult();

    public void Dispose()
    {
        // Some tests end a replica before they end themselves.
        if (_isEnded) return;
        _isEnded = true;
        _server.Dispose();
    }

    private async Task ConverseAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        var pending = "";
        while (await stream.ReadAsync(buffer, cancellation) is > 0 and var read)
        {
            pending += Encoding.ASCII.GetString(buffer, 0, read);
            if (!pending.StartsWith("GET ", StringComparison.Ordinal))
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(pending), cancellation);
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
                await stream.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"u8.ToArray(), cancellation);
                continue;
            }

            if (pending.StartsWith("GET /fault", StringComparison.Ordinal))
            {
                pending = "";
                await stream.WriteAsync("HTTP/1.1 500 Fault\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellation);
                continue;
            }

            var body = $"{Name} {pending}";
            pending = "";
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"), cancellation);
        }
    }
}
