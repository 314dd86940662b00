using Orchestrator.Networks;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Changes;

public sealed record StackOptions
{
    /// <summary>Bring back what is missing, for ever: the daemon does, a command that ends does not.</summary>
    public bool Repairs { get; init; }

    /// <summary>Networks span hosts, from these addresses: on a fleet. Null: there is one host only.</summary>
    public OverlayOptions? Overlay { get; init; }

    /// <summary>Only looks: nothing is written and no interrupted change goes on. For commands that read beside one that deploys.</summary>
    public bool IsPassive { get; init; }

    /// <summary>Where endpoints are written for others to watch; null: nowhere.</summary>
    public EtcdSinkOptions? Etcd { get; init; }

    /// <summary>For the time limits of requests to etcd.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
