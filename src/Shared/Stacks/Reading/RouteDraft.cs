using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>One entry of <c>route</c>, before its port is known; each of its hosts becomes a route.</summary>
internal sealed record RouteDraft
{
    public required Value At { get; init; }

    /// <summary>Empty: any host.</summary>
    public ImmutableArray<Placed<string>> Hosts { get; init; } = [];

    public string Path { get; init; } = "/";

    /// <summary>Null: the sole port that the service exposes, else 80.</summary>
    public int? Port { get; init; }

    public bool Strip { get; init; }

    public BackendProtocol Protocol { get; init; }

    public CertificateSpec? Certificate { get; init; }

    public bool Redirect { get; init; } = true;

    public int HttpPort { get; init; } = RouteReader.HttpPort;

    public int HttpsPort { get; init; } = RouteReader.HttpsPort;
}
