using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Agent.Names;

/// <summary>One address's name server, over UDP and TCP.</summary>
internal sealed class DnsServer : IAsyncDisposable
{
    /// <summary>Longer questions are no questions.</summary>
    private const int QueryMax = 4096;

    private const int ConnectionsMax = 64;

    /// <summary>A socket that fails again and again is given a pause instead of a processor.</summary>
    private static readonly TimeSpan FaultPause = TimeSpan.FromMilliseconds(100);

    /// <summary>RFC 7766 asks for some seconds.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromSeconds(10);

    private readonly NameResponder _responder;
    private readonly DnsForwarder _forwarder;
    private readonly TimeProvider _time;
    private readonly Socket _udp;
    private readonly Socket _tcp;
    private readonly SemaphoreSlim _connections = new(ConnectionsMax, ConnectionsMax);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task[] _loops;

    /// <param name="address">Need not be this host's yet: the sockets serve from the moment it is, and again after it was away.</param>
    /// <exception cref="SocketException">Somebody else has the port, or the process may not have it.</exception>
    public DnsServer(IPEndPoint address, NameResponder responder, DnsForwarder forwarder, TimeProvider time)
    {
        _responder = responder;
        _forwarder = forwarder;
        _time = time;
        _udp = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        _tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            AllowAbsent(_udp);
            AllowAbsent(_tcp);
            _udp.Bind(address);
            Address = (IPEndPoint)_udp.LocalEndPoint!;
            _tcp.Bind(Address);
            _tcp.Listen(ConnectionsMax);
        }
        catch (SocketException)
        {
            _udp.Dispose();
            _tcp.Dispose();
            _stopping.Dispose();
            throw;
        }

        _loops = [Task.Run(ServeUdpAsync), Task.Run(ServeTcpAsync)];
    }

    public IPEndPoint Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await Task.WhenAll(_loops);
        _stopping.Dispose();
    }

    /// <summary>The kernel's IP_FREEBIND: a bridge may come, and come again, after its name server.</summary>
    private static void AllowAbsent(Socket socket)
    {
        const int SolIp = 0, IpFreebind = 15;
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(SolIp, IpFreebind, BitConverter.GetBytes(1));
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[QueryMax];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var received = await _udp.ReceiveFromAsync(buffer, SocketFlags.None, anyone, _stopping.Token);
                var asker = (IPEndPoint)received.RemoteEndPoint;
                var response = _responder.Respond(buffer.AsMemory(0, received.ReceivedBytes), asker.Address, limit: null);
                if (response.Reply is { } reply) await _udp.SendToAsync(reply, SocketFlags.None, asker, _stopping.Token);
                else if (response.Forward is { } query) _ = ForwardAsync(query with { Packet = query.Packet.ToArray() }, asker);
            }
            catch (SocketException)
            {
                await PauseAsync();
            }
            catch (Exception e) when (IsEnding(e))
            {
                return;
            }
        }
    }

    private async Task ForwardAsync(DnsQuery query, IPEndPoint asker)
    {
        try
        {
            var answer = await _forwarder.AskAsync(query, isTcp: false, _stopping.Token) ?? DnsReply.Empty(query, DnsCode.ServerFailure);
            await _udp.SendToAsync(answer, SocketFlags.None, asker, _stopping.Token);
        }
        catch (Exception e) when (e is SocketException || IsEnding(e))
        {
            // The asker, or we, have gone.
        }
    }

    private async Task ServeTcpAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var connection = await _tcp.AcceptAsync(_stopping.Token);
                if (_connections.Wait(0, CancellationToken.None)) _ = ServeAsync(connection);
                else connection.Dispose();
            }
            catch (SocketException)
            {
                await PauseAsync();
            }
            catch (Exception e) when (IsEnding(e))
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            var asker = ((IPEndPoint)connection.RemoteEndPoint!).Address;
            await using var stream = new NetworkStream(connection, ownsSocket: true);
            while (await AnswerAsync(stream, asker))
            {
            }
        }
        catch (Exception e) when (e is SocketException or IOException || IsEnding(e))
        {
            // Its end, an idle one's, or ours.
        }
        finally
        {
            connection.Dispose();
            _connections.Release();
        }
    }

    private async Task<bool> AnswerAsync(NetworkStream stream, IPAddress asker)
    {
        using var idle = new CancellationTokenSource(IdleMax, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, _stopping.Token);
        if (await DnsStream.ReadAsync(stream, QueryMax, either.Token) is not { } packet) return false;
        var response = _responder.Respond(packet, asker, DnsReply.TcpMax);
        var reply = response.Reply;
        if (response.Forward is { } query) reply = await _forwarder.AskAsync(query, isTcp: true, either.Token) ?? DnsReply.Empty(query, DnsCode.ServerFailure);
        if (reply is null) return false;
        await DnsStream.WriteAsync(stream, reply, either.Token);
        return true;
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(FaultPause, _time, _stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private static bool IsEnding(Exception e) => e is OperationCanceledException or ObjectDisposedException;
}
