using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>With nothing broken and nothing asked for, engines and ingresses have exactly what is wanted, and what is kept for a way back.</summary>
internal sealed class AtRestChecker(World world, Wishes wishes) : Checker(world)
{
    /// <summary>Between two runs, by its policy.</summary>
    private const string Restarting = "restarting";

    public override string Name => "at rest there is what is wanted and nothing else";

    public override void OnRest()
    {
        foreach (var client in World.Clients.Where(c => !c.IsDone)) Report($"{client} was asked {World.Now - client.Asked} ago and its follower has not been told its end");
        foreach (var stack in wishes.Stacks) Check(stack);
    }

    private void Check(string stack)
    {
        var stored = wishes.Stored(stack);
        if (stored.Head?.Current is not { } number)
        {
            foreach (var (host, container) in All(stack)) Report($"stack {stack} is removed, and {host.Name} has {container.Name}, {container.Status}");
            return;
        }

        if (stored.Active is not null) return;
        if (stored.Revisions.First(r => r.Number == number) is not { State: RevisionState.Good } current)
        {
            // What stands is kept up, and once.
            var owners = All(stack).Where(c => c.Container.IsRunning).GroupBy(c => (Label(c.Container, ReplicaLabels.Service), Label(c.Container, ReplicaLabels.Slot), Label(c.Container, ReplicaLabels.Revision)));
            foreach (var twice in owners.Where(o => o.Count() > 1)) Report($"after a change that did not succeed {twice.Key} runs twice: {string.Join(", ", twice.Select(c => $"{c.Container.Name}@{c.Host.Name}"))}");
            return;
        }

        // A stack that nobody can come to from outside is shown where it has containers; elsewhere it may be as it was, for nobody asks.
        var everywhere = stored.Revisions.Any(r => r.Spec.Services.Any(s => s.Traffic.HasListeners));
        var shownBy = World.Hosts.Where(h => everywhere || h.Of(stack).Any()).ToList();
        foreach (var service in current.Spec.Services) Check(stack, service, current.Services[service.Name].Id, shownBy);
        foreach (var (host, container) in All(stack).Where(c => current.Spec.Services.All(s => s.Name != Label(c.Container, ReplicaLabels.Service)))) Report($"{stack} has no service {Label(container, ReplicaLabels.Service)} any more, and {host.Name} has {container.Name}, {container.Status}");
    }

    private void Check(string stack, ServiceSpec service, string revision, List<SimHost> shownBy)
    {
        var all = All(stack).Where(c => Label(c.Container, ReplicaLabels.Service) == service.Name).ToList();
        var running = all.Where(c => c.Container.IsRunning || c.Container.Status == Restarting).ToList();
        var desired = service.Deploy.Mode == ServiceMode.Global ? World.Hosts.Length : service.Deploy.Replicas;
        foreach (var (host, container) in running.Where(c => Label(c.Container, ReplicaLabels.Revision) != revision)) Report($"{host.Name} runs {container.Name}, which is not of the wanted revision {revision[..8]}");
        foreach (var twice in running.GroupBy(c => Label(c.Container, ReplicaLabels.Slot)).Where(g => g.Count() > 1)) Report($"slot {twice.Key} of {stack}/{service.Name} has two owners: {string.Join(", ", twice.Select(c => $"{c.Container.Name}@{c.Host.Name}"))}");
        if (running.Count != desired) Report($"{stack}/{service.Name}: {running.Count} replicas run and {desired} are wanted");
        var slots = running.Select(c => Label(c.Container, ReplicaLabels.Slot)).ToHashSet(StringComparer.Ordinal);
        foreach (var kept in all.Except(running).GroupBy(c => Label(c.Container, ReplicaLabels.Slot)))
        {
            var names = string.Join(", ", kept.Select(c => $"{c.Container.Name}@{c.Host.Name} ({c.Container.Status})"));
            if (!slots.Contains(kept.Key)) Report($"slot {kept.Key} of {stack}/{service.Name} is not wanted, and left over are {names}");
            else if (kept.Count() > service.Deploy.Retain) Report($"slot {kept.Key} of {stack}/{service.Name} retains {service.Deploy.Retain}, and left over are {names}");
            foreach (var (host, container) in kept.Where(c => c.Container.RestartPolicy.Name is not ("" or "no"))) Report($"{container.Name}@{host.Name} is kept stopped, and its restart policy {container.RestartPolicy.Name} would bring it back");
        }

        // One that ends again and again comes and goes.
        if (running.Any(c => Images.Bad.Any(tag => c.Container.Request.Image.Contains($":{tag}@", StringComparison.Ordinal)))) return;
        foreach (var host in shownBy) CheckTraffic(stack, service.Name, host, running);
    }

    private void CheckTraffic(string stack, string service, SimHost host, List<(SimHost Host, FakeContainer Container)> running)
    {
        var shown = host.Ingress.Endpoints.Where(e => e.Replica.Stack == stack && e.Replica.Service == service && e.State == EndpointState.Serving).Select(e => e.Id).Order(StringComparer.Ordinal);
        var wanted = running.Select(c => $"{c.Container.Name}@{c.Host.Name}").Order(StringComparer.Ordinal);
        if (!shown.SequenceEqual(wanted, StringComparer.Ordinal)) Report($"the ingress of {host.Name} sends requests for {stack}/{service} to {string.Join(' ', shown)}; there are {string.Join(' ', wanted)}");
    }

    private IEnumerable<(SimHost Host, FakeContainer Container)> All(string stack) => World.Hosts.SelectMany(host => host.Of(stack), (host, container) => (host, container));

    private static string Label(FakeContainer container, string label) => container.Request.Labels.GetValueOrDefault(label, "");
}
