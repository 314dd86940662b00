using System.Net;

namespace Orchestrator.Agent.Names;

/// <summary>The host's name servers, as its <c>resolv.conf</c> has them now.</summary>
internal sealed class ResolvConf(string path, TimeProvider time)
{
    public const string DefaultPath = "/etc/resolv.conf";

    /// <summary>As in the C library: further ones are not asked.</summary>
    private const int ServersMax = 3;

    private const int Port = 53;

    /// <summary>How soon a changed file is noticed.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private IReadOnlyList<IPEndPoint> _servers = [];
    private DateTimeOffset _lookedAt = DateTimeOffset.MinValue;
    private DateTime _writtenAt;

    /// <summary>Those of the last file that could be read.</summary>
    public IReadOnlyList<IPEndPoint> Servers
    {
        get
        {
            lock (_gate)
            {
                var now = time.GetUtcNow();
                if (now - _lookedAt >= LookEvery)
                {
                    _lookedAt = now;
                    Look();
                }

                return _servers;
            }
        }
    }

    public static IReadOnlyList<IPEndPoint> Parse(IEnumerable<string> lines) =>
    [
        .. lines
            .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", _, ..])
            .Select(words => IPAddress.TryParse(words[1], out var address) ? new IPEndPoint(address, Port) : null)
            .OfType<IPEndPoint>()
            .Distinct()
            .Take(ServersMax),
    ];

    private void Look()
    {
        try
        {
            var written = File.GetLastWriteTimeUtc(path);
            if (written == _writtenAt) return;
            _servers = Parse(File.ReadLines(path));
            _writtenAt = written;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is being replaced, or gone: the last ones serve.
        }
    }
}
