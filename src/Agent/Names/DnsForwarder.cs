using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Agent.Names;

/// <summary>Asks the host's name servers, and passes their answers on untouched.</summary>
/// <param name="servers">In the order in which they are asked.</param>
/// <param name="isOurs">Addresses where we answer ourselves: never asked, or a question would go round.</param>
internal sealed class DnsForwarder(Func<IReadOnlyList<IPEndPoint>> servers, Func<IPAddress, bool> isOurs, TimeProvider time)
{
    /// <summary>Of one server; clients wait about 5 s in all.</summary>
    private static readonly TimeSpan ServerMax = TimeSpan.FromSeconds(2);

    /// <summary>Each holds a socket. Past it a question is refused rather than kept waiting behind servers that do not answer.</summary>
    private const int AtOnceMax = 256;

    private const int UdpPacketMax = 4096;

    private int _asking;

    /// <summary>Null: none of them answered.</summary>
    public async Task<byte[]?> AskAsync(DnsQuery query, bool isTcp, CancellationToken cancellation)
    {
        try
        {
            if (Interlocked.Increment(ref _asking) > AtOnceMax) return null;
            foreach (var server in servers().Where(s => !isOurs(s.Address)))
            {
                if (await AskAsync(server, query, isTcp, cancellation) is { } answer) return answer;
            }

            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private async Task<byte[]?> AskAsync(IPEndPoint server, DnsQuery query, bool isTcp, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(ServerMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            var answer = isTcp ? await AskTcpAsync(server, query, either.Token) : await AskUdpAsync(server, query, either.Token);

            // Another server may do better than one that is broken.
            return answer.Length >= DnsQuery.HeaderLength && (DnsCode)(answer[3] & 15) == DnsCode.ServerFailure ? null : answer;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }

    /// <summary>Connected, from a port of its own, so that only this server's answer to this question comes in.</summary>
    private static async Task<byte[]> AskUdpAsync(IPEndPoint server, DnsQuery query, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellation);
        await socket.SendAsync(query.Packet, SocketFlags.None, cancellation);
        var buffer = new byte[UdpPacketMax];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellation);
            if (length >= DnsQuery.HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(buffer) == query.Id) return buffer[..length];
        }
    }

    private static async Task<byte[]> AskTcpAsync(IPEndPoint server, DnsQuery query, CancellationToken cancellation)
    {
        using var client = new TcpClient(server.AddressFamily);
        await client.ConnectAsync(server, cancellation);
        var stream = client.GetStream();
        await DnsStream.WriteAsync(stream, query.Packet, cancellation);
        return await DnsStream.ReadAsync(stream, DnsReply.TcpMax, cancellation) ?? throw new IOException("closed before an answer");
    }
}
