using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Agent.Ingress.Runtime;

/// <summary>One HAProxy's master socket: commands to the master, and through it to each of its processes. Each command has a connection of its own, as HAProxy's own tools do it.</summary>
internal sealed class RuntimeClient(string socket)
{
    /// <summary>HAProxy answers within a millisecond; one that is loading a new configuration within tens.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(3);

    /// <summary>A line of <c>show stat</c> is about 400 bytes: this is some 40,000 servers.</summary>
    private const int BytesMax = 16 * 1024 * 1024;

    public string Socket => socket;

    public Task<string> WorkerAsync(int pid, string command, CancellationToken cancellation) =>
        MasterAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"@!{pid} {command}"), cancellation);

    /// <exception cref="RuntimeException">No answer.</exception>
    public async Task<string> MasterAsync(string command, CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(AnswerMax);
        try
        {
            return await ExchangeAsync(command, bound.Token);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            throw new RuntimeException($"HAProxy's socket {socket}: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new RuntimeException($"HAProxy's socket {socket} did not answer '{Verb(command)}' within {AnswerMax.TotalSeconds:0} s", e);
        }
    }

    private async Task<string> ExchangeAsync(string command, CancellationToken cancellation)
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
        var line = Encoding.UTF8.GetBytes(command + "\n");
        for (var sent = 0; sent < line.Length;) sent += await connection.SendAsync(line.AsMemory(sent), cancellation);

        // The master keeps the connection open for more commands until it is told that there are none.
        connection.Shutdown(SocketShutdown.Send);
        using var answer = new MemoryStream();
        var buffer = new byte[32 * 1024];
        while (await connection.ReceiveAsync(buffer, cancellation) is > 0 and var read)
        {
            answer.Write(buffer, 0, read);
            if (answer.Length > BytesMax) throw new RuntimeException($"HAProxy's socket {socket} answered '{Verb(command)}' with more than {BytesMax} bytes");
        }

        return Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length);
    }

    private static string Verb(string command) => command.Length > 60 ? command[..60] + "…" : command;
}
