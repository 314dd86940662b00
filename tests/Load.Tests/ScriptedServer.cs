using System.Net;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Load.Generating;

namespace Orchestrator.Load.Tests;

/// <summary>A server that does to its connections exactly what a test wants: answers with given bytes, then ends in a given way.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private ScriptedServer() => _listener.Start();

    public Target Target => Target.Parse($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <param name="answers">One per request on each connection; after the last the connection ends.</param>
    /// <param name="reset">It ends with a reset rather than in order.</param>
    public static ScriptedServer Start(bool reset, params string[] answers)
    {
        var server = new ScriptedServer();
        _ = server.ServeAsync(reset, answers);
        return server;
    }

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(bool reset, string[] answers)
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptSocketAsync();
                var buffer = new byte[4096];
                foreach (var answer in answers)
                {
                    await socket.ReceiveAsync(buffer);
                    await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
                }
                if (reset)
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
        }
        catch (Exception ended) when (ended is ObjectDisposedException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
