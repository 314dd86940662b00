using System.Collections.Immutable;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Preflight;
using Orchestrator.Agent.Replicas;
using Orchestrator.Engine;

namespace Orchestrator.Agent;

/// <summary>What the agent is told about its host, and its tunables.</summary>
public sealed record AgentOptions
{
    public required string HostName { get; init; }

    /// <summary>What placement constraints see as <c>node.labels.*</c>.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public string AgentVersion { get; init; } = "";

    /// <summary>The host's registry logins; null pulls without any.</summary>
    public RegistryCredentials? Credentials { get; init; }

    /// <summary>Makes the <c>x-orchestrator.ready</c> probes.</summary>
    public IReadyProbe ReadyProbe { get; init; } = new NetworkReadyProbe();

    /// <summary>The folder of template resources (docs/templates.md); null: this host has no template sink.</summary>
    public string? TemplatesFolder { get; init; }

    /// <summary>Looks at the host beside its engine; null where the engine is elsewhere, and nothing is known of its host's sockets and files.</summary>
    public IHostProbe? HostProbe { get; init; }

    /// <summary>Null when embedded: one host has no other to be joined with.</summary>
    internal OverlayHost? Overlay { get; init; }

    /// <summary>For what files and commands are timed by.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The host's ingress; null for a host that shows no traffic.</summary>
    public IngressOptions? Ingress { get; init; }

    /// <summary>Further sinks of this host's traffic, by name: a simulation's ingress, say.</summary>
    internal ImmutableSortedDictionary<string, Props> Sinks { get; init; } = ImmutableSortedDictionary<string, Props>.Empty;

    /// <summary>How often all containers are listed again, for events that were missed. Default 30 s.</summary>
    public TimeSpan AuditInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause between two tries to reach an engine that does not answer; the first is a sixteenth of it. Default 8 s.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Tries of one pull, the first included, while its failure looks temporary. Default 4.</summary>
    public int PullAttempts { get; init; } = 4;

    /// <summary>Before the second try of a pull; doubles from then on. Default 1 s.</summary>
    public TimeSpan PullBackoff { get; init; } = TimeSpan.FromSeconds(1);
}
