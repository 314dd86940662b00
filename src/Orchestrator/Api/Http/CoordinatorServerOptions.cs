using System.Collections.Immutable;
using System.Net;
using Orchestrator.Protocol;

namespace Orchestrator.Api.Http;

public sealed record CoordinatorServerOptions
{
    /// <summary>Where to listen; port 0 takes a free one. Default: all addresses, port <see cref="LinkProtocol.DefaultPort"/>.</summary>
    public ImmutableArray<IPEndPoint> Listen { get; init; } = [new(IPAddress.IPv6Any, LinkProtocol.DefaultPort)];

    /// <summary>Told to those who join: <c>https://host:port</c> of every coordinator.</summary>
    public ImmutableArray<string> Advertise { get; init; } = [];

    /// <summary>Of the program, for the agents' logs.</summary>
    public required string Version { get; init; }

    public LinkOptions Link { get; init; } = new();

    public ApiTimes Times { get; init; } = new();

    /// <summary>Asked for each request. Default: this coordinator leads.</summary>
    public Func<Leadership> Leadership { get; init; } = () => Http.Leadership.Alone;

    /// <summary>To let answers and sessions end when the server stops. Default 5 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
