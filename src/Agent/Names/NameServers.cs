using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Orchestrator.Agent.Names;

/// <summary>On real sockets. For one caller.</summary>
internal sealed class NameServers : INameServers
{
    private readonly TimeProvider _time;
    private readonly int _port;
    private readonly NameResponder _responder;
    private readonly DnsForwarder _forwarder;
    private readonly Dictionary<string, DnsServer> _servers = new(StringComparer.Ordinal);
    private volatile ImmutableHashSet<IPAddress> _ours = [];

    /// <param name="random">Mixes answers.</param>
    /// <param name="upstream">Null: those of the host's resolv.conf.</param>
    public NameServers(Random random, TimeProvider time, int port = 53, Func<IReadOnlyList<IPEndPoint>>? upstream = null)
    {
        _time = time;
        _port = port;
        _responder = new NameResponder(random, time);
        var file = new ResolvConf(ResolvConf.DefaultPath, time);
        _forwarder = new DnsForwarder(upstream ?? (() => file.Servers), address => _ours.Contains(address), time);
    }

    public void Show(NameTable table) => _responder.Show(table);

    public DateTimeOffset? LastTold(IEnumerable<string> addresses) => _responder.LastTold(addresses);

    public ImmutableArray<string> Serve(ImmutableSortedSet<string> addresses)
    {
        _ours = [.. addresses.Select(IPAddress.Parse)];
        foreach (var gone in _servers.Keys.Where(a => !addresses.Contains(a)).ToArray())
        {
            _servers.Remove(gone, out var server);

            // Its sockets are closed before the first wait.
            _ = server!.DisposeAsync().AsTask();
        }

        var problems = ImmutableArray.CreateBuilder<string>();
        foreach (var address in addresses.Where(a => !_servers.ContainsKey(a)))
        {
            try
            {
                _servers[address] = new DnsServer(new IPEndPoint(IPAddress.Parse(address), _port), _responder, _forwarder, _time);
            }
            catch (SocketException e)
            {
                problems.Add(Problem(address, e));
            }
        }

        return problems.ToImmutable();
    }

    public async ValueTask DisposeAsync()
    {
        var servers = _servers.Values.ToArray();
        _servers.Clear();
        foreach (var server in servers) await server.DisposeAsync();
    }

    private string Problem(string address, SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"port {_port} on {address} is another program's, probably a name server that listens on all addresses: have it listen on its own (ss -lunp 'sport = :{_port}' names it)",
        SocketError.AccessDenied => $"the agent may not listen on port {_port} of {address}: run it as root, or give it CAP_NET_BIND_SERVICE",
        _ => $"the name server on {address} port {_port} does not start: {e.Message}",
    };
}
