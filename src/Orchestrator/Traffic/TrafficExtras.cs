using System.Collections.Immutable;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Traffic;

/// <summary>The surroundings of one stack's tables in this coordinator.</summary>
/// <param name="networks">Nobody when no network spans hosts.</param>
/// <param name="etcd">Nobody when there is no such sink.</param>
internal sealed class TrafficExtras(IActorRef networks, CertificateBook certificates, IActorRef etcd) : ITrafficExtras
{
    private ImmutableArray<CertificateFile> files = [];

    /// <summary>What the last answer was made for, and it.</summary>
    private (TrafficTarget? Target, object? Addresses, HostExtras Extras) last = (null, null, HostExtras.None);

    public async Task PrepareAsync(TrafficTarget target)
    {
        var named = target.Revisions.SelectMany(r => r.Spec.Certificates.Keys).ToHashSet(StringComparer.Ordinal);
        await certificates.KeepAsync(target.Stack, named);
        files = await certificates.GetAsync(target.Stack, target.Shown.SelectMany(r => r.Spec.Certificates.Keys).Distinct(StringComparer.Ordinal));
        networks.Tell(new AllocationMessage.Keep(target.Stack, [.. target.Revisions.SelectMany(r => r.Spec.Networks.Values).Select(n => n.EngineName).Distinct(StringComparer.Ordinal)]));
    }

    public async Task<HostExtras> HostsAsync(TrafficTarget target, FleetSnapshot fleet)
    {
        if (ReferenceEquals(last.Target, target) && ReferenceEquals(last.Addresses, fleet.Addresses))
        {
            return last.Extras;
        }
        var addresses = fleet.Addresses.Where(h => h.Value is not null).ToDictionary(h => h.Key, h => h.Value!, StringComparer.Ordinal);
        var allocated = target.Current is { } current ? await Spanning.AskStandingAsync(networks, current.Spec, fleet) : null;
        var peers = allocated?.Peers(addresses) ?? [];
        ImmutableArray<string>? named = target.Current is { } wanted ? [.. wanted.Spec.Networks.Values.Select(n => n.EngineName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] : null;
        var extras = new HostExtras(allocated, peers, files, Text(allocated, peers, named)) { Networks = named };
        last = (target, fleet.Addresses, extras);
        return extras;
    }

    public bool HasEtcd => !etcd.Equals(ActorRefs.Nobody);

    public void Publish(TrafficTable table) => etcd.Tell(new EtcdSinkMessage.Apply(table.Version, table));

    private string Text(AllocationMessage.Allocated? allocated, ImmutableArray<OverlayPeer> peers, ImmutableArray<string>? named) =>
        string.Join('\n', [.. files.Select(f => f.Id), named is { } names ? string.Join(',', names) : "", allocated?.Text ?? "", string.Join(',', peers)]);
}
