using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Simulation;

/// <summary>What has been asked for of each stack since it was last as it should be: at any moment the product may be on its way to any of it.</summary>
internal sealed class Wishes(World world)
{
    private readonly Dictionary<string, List<StackSpec>> _specs = new(StringComparer.Ordinal);

    public IEnumerable<string> Stacks => _specs.Keys;

    /// <summary>A service that is in none of the wishes left, or is missing in one, may go.</summary>
    public int ReplicasMin(string stack, string service) => Services(stack, service) is { Count: > 0 } found && found.All(s => s is { Deploy.Mode: ServiceMode.Replicated }) ? found.Min(s => s!.Deploy.Replicas) : 0;

    public bool IsSteady(string stack, string service) =>
        Services(stack, service) is { Count: > 0 } found && found.All(s => s is { Deploy.Mode: ServiceMode.Replicated }) && found.Select(s => s!.Deploy.Replicas).Distinct().Count() == 1;

    /// <summary>Replicas may be stopped before others take their place.</summary>
    public bool MayStopFirst(string stack, string service) =>
        Services(stack, service).Any(s => s is null || s.Deploy.Update.Order == UpdateOrder.StopFirst || s.Container.Ports.Any(p => p.Published is not null));

    public int ParallelismMax(string stack, string service) => Services(stack, service).Max(s => s is null || s.Deploy.Update.Parallelism == 0 ? int.MaxValue : Math.Max(s.Deploy.Update.Parallelism, CanaryOf(s)));

    public IEnumerable<string> ServicesOf(string stack) => _specs.GetValueOrDefault(stack, []).SelectMany(s => s.Services).Select(s => s.Name).Distinct(StringComparer.Ordinal);

    public void OnRequest(ChangeRequest request)
    {
        var stored = Stored(request.Stack);
        if (!_specs.TryGetValue(request.Stack, out var specs)) _specs[request.Stack] = specs = [];
        var isOthersDone = world.Clients.Where(c => c.Request.Stack == request.Stack && c.Request != request).All(c => c.IsDone);
        if (isOthersDone && stored is { Head.Current: { } current, Active: null } && stored.Revisions.FirstOrDefault(r => r.Number == current) is { State: RevisionState.Good } good)
        {
            specs.Clear();
            specs.Add(good.Spec);
        }

        switch (request)
        {
            case ChangeRequest.Deploy deploy:
                specs.Add(deploy.Spec);

                // There is nothing to go back to: what it creates goes again.
                if (deploy.IsAtomic && stored.Revisions.All(r => r.State != RevisionState.Good)) specs.Add(new StackSpec { Name = request.Stack });
                break;
            case ChangeRequest.Scale scale:
                specs.AddRange(specs.ToList().Select(s => s with { Services = [.. s.Services.Select(service => scale.Replicas.TryGetValue(service.Name, out var replicas) ? service with { Deploy = service.Deploy with { Replicas = replicas } } : service)] }));
                break;
            case ChangeRequest.Rollback:
                specs.AddRange(stored.Revisions.Select(r => r.Spec));
                break;
            case ChangeRequest.Remove:
                specs.Add(new StackSpec { Name = request.Stack });
                break;
        }
    }

    public StoredStack Stored(string stack) => new StackStore(world.Coordinator.Store).LoadAsync(stack).GetAwaiter().GetResult();

    /// <summary>A canary is a batch of its own size.</summary>
    private int CanaryOf(ServiceSpec service) => service.Deploy.Strategy is { Kind: StrategyKind.Canary } canary ? canary.FirstOf(service.Deploy.Mode == ServiceMode.Global ? world.Hosts.Length : service.Deploy.Replicas) : 0;

    private List<ServiceSpec?> Services(string stack, string service) => [.. _specs.GetValueOrDefault(stack, []).Select(s => s.Services.FirstOrDefault(x => x.Name == service))];
}
