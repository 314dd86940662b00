using System.Collections.Immutable;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>What each host is asked before a plan is carried out: only what that host is to get. Pure.</summary>
internal static class PreflightRequests
{
    /// <param name="current">Null on the first deploy.</param>
    /// <param name="spanning">Null when no network spans hosts.</param>
    public static ImmutableSortedDictionary<string, AgentCommand.Preflight> Of(Plan plan, StackRevision target, StackRevision? current, FleetSnapshot fleet, AllocationMessage.Allocated? spanning)
    {
        var listeners = target.Spec.Services.Where(s => IsShownAnew(s, plan, current)).SelectMany(Listeners).Distinct().ToImmutableArray();
        var requests = ImmutableSortedDictionary.CreateBuilder<string, AgentCommand.Preflight>(StringComparer.Ordinal);
        foreach (var host in fleet.Hosts.Values.Where(h => h.IsSchedulable && h.Facts!.TakesPreflight))
        {
            ImmutableArray<PreflightService> services = [.. plan.Services.Select(s => ServiceOn(host.Name, plan.Stack, s, target, spanning)).OfType<PreflightService>()];
            if (!services.IsEmpty || !listeners.IsEmpty)
            {
                requests[host.Name] = new AgentCommand.Preflight { CommandId = "", Stack = plan.Stack, Services = services, Listeners = listeners };
            }
        }
        return requests.ToImmutable();
    }

    /// <summary>The host was asked all of it before.</summary>
    public static bool IsAnswered(AgentCommand.Preflight request, AgentCommand.Preflight? before) => before is not null
        && request.Listeners.All(before.Listeners.Contains)
        && request.Services.All(s => before.Services.Any(b => b.Service == s.Service && s.Keys.All(b.Keys.Contains) && SameSlices(b.Spec.Overlays, s.Spec.Overlays)));

    private static bool SameSlices(ImmutableSortedDictionary<string, OverlaySlice> a, ImmutableSortedDictionary<string, OverlaySlice> b) =>
        a.Count == b.Count && a.All(s => b.GetValueOrDefault(s.Key)?.Subnet == s.Value.Subnet);

    private static bool IsShownAnew(ServiceSpec service, Plan plan, StackRevision? current) =>
        plan.Services.Any(s => s.Service == service.Name && s.Action != ServiceAction.None)
        || current?.Spec.Services.FirstOrDefault(s => s.Name == service.Name) is not { } before
        || SpecDifference.Traffic(before.Traffic, service.Traffic).Count > 0;

    private static IEnumerable<PreflightListener> Listeners(ServiceSpec service) =>
        service.Traffic.Ports.Select(p => new PreflightListener(service.Name, p.HostIp, p.Published))
            .Concat(service.Traffic.Routes.Where(r => r.Protocol != BackendProtocol.Tls).Select(r => new PreflightListener(service.Name, null, r.HttpPort)))
            .Concat(service.Traffic.Routes.Where(r => r.Protocol == BackendProtocol.Tls || r.Certificate is not null).Select(r => new PreflightListener(service.Name, null, r.HttpsPort)));

    private static PreflightService? ServiceOn(string host, string stack, ServicePlan plan, StackRevision target, AllocationMessage.Allocated? spanning)
    {
        ImmutableArray<ReplicaKey> keys = [.. plan.Slots.Where(s => s.Host == host && s.Action != SlotAction.Remove).Select(s => new ReplicaKey(stack, plan.Service, s.Slot, plan.ToRevision))];
        if (keys.IsEmpty)
        {
            return null;
        }
        var spec = ReplicaSpecs.Of(target, plan);
        var lean = spec.Container with { Environment = ImmutableSortedDictionary<string, string?>.Empty, Labels = ImmutableSortedDictionary<string, string>.Empty, Command = null, Entrypoint = null };
        var slices = spanning?.SlicesOf(host).RemoveRange(target.Spec.Networks.Keys.Except(spec.Networks.Keys)) ?? spec.Overlays;
        return new PreflightService(plan.Service, spec with { Container = lean, Overlays = slices }, keys);
    }
}
