using System.Collections.Immutable;
using Orchestrator.Agent.Traffic;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>A host's ingress as its clients see it. It outlives the agent; what it shows is lost when it crashes.</summary>
internal sealed class SimIngress
{
    private ImmutableDictionary<string, Endpoint> _endpoints = ImmutableDictionary.Create<string, Endpoint>(StringComparer.Ordinal);

    /// <summary>Answers its ports. False from a crash until the agent has brought it back.</summary>
    public bool IsAlive { get; private set; }

    /// <summary>Neither shows nor acknowledges anything new.</summary>
    public bool IsStuck { get; set; }

    /// <summary>By endpoint id: until when something is open to it, once it drains.</summary>
    public Dictionary<string, DateTimeOffset> OpenUntil { get; } = new(StringComparer.Ordinal);

    /// <summary>By endpoint id: since when it has been shown as one that takes requests.</summary>
    public Dictionary<string, DateTimeOffset> ServingSince { get; } = new(StringComparer.Ordinal);

    public IEnumerable<Endpoint> Endpoints => _endpoints.Values;

    public Endpoint? Find(string id) => _endpoints.GetValueOrDefault(id);

    public bool Serves(string id) => IsAlive && Find(id) is { State: EndpointState.Serving };

    public void Show(HostTraffic traffic, DateTimeOffset now)
    {
        IsAlive = true;
        foreach (var endpoint in traffic.Services.SelectMany(s => s.Service.Endpoints).Where(e => e.State == EndpointState.Serving)) ServingSince.TryAdd(endpoint.Id, now);
        _endpoints = traffic.Services.SelectMany(s => s.Service.Endpoints).ToImmutableDictionary(e => e.Id, StringComparer.Ordinal);
    }

    public void Crash()
    {
        IsAlive = false;
        ServingSince.Clear();
        _endpoints = _endpoints.Clear();
    }
}
