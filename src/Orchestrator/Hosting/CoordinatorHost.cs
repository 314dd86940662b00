using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Hosting;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Store;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Hosting;

/// <summary>The coordinator's actors over a store, as the daemon and the embedded mode both run them.</summary>
public sealed class CoordinatorHost
{
    private CoordinatorHost(IActorRef coordinator, ICoordinator api)
    {
        Fleet = coordinator;
        Coordinator = api;
    }

    public ICoordinator Coordinator { get; }

    /// <summary>Takes <see cref="FleetMessage"/>s from the links.</summary>
    public IActorRef Fleet { get; }

    /// <param name="sealKey">For what is sealed in the store; without one nothing sealed outlives the process.</param>
    /// <param name="createToken">Role and lifetime → join token; null when there is no fleet to join.</param>
    public static CoordinatorHost Start(ActorSystem system, IStore store, FleetOptions fleet, StackOptions stacks, CoordinatorVersion version, ILoggerFactory loggers, Func<string, TimeSpan, string>? createToken = null, SealKey? sealKey = null)
    {
        FaultLogActor.Start(system, loggers);
        var key = sealKey ?? SealKey.Ephemeral();
        var coordinator = system.ActorOf(Props.Create(() => new CoordinatorActor(fleet, stacks, store, key, loggers)), "coordinator");
        return new CoordinatorHost(coordinator, new ActorCoordinator(system, coordinator, version, createToken));
    }

    /// <summary>The daemon: remembers its hosts, takes interrupted changes up again, repairs for ever.</summary>
    /// <param name="overlay">How networks that are made from now on span hosts.</param>
    /// <param name="etcd">Where endpoints are written for others to watch; null: nowhere.</param>
    public static CoordinatorHost StartDaemon(ActorSystem system, IStore store, string version, string address, ILoggerFactory loggers, Func<string, TimeSpan, string>? createToken, SealKey sealKey, OverlayOptions overlay, EtcdSinkOptions? etcd = null) =>
        Start(
            system,
            store,
            new FleetOptions { RemembersHosts = true },
            new StackOptions { Repairs = true, Overlay = overlay, Etcd = etcd },
            new CoordinatorVersion(version, CoordinatorViews.Fleet, address),
            loggers,
            createToken,
            sealKey);
}
