using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;

namespace Orchestrator.Simulation;

/// <summary>No container is started while the former one of its slot has its port of the host. (That another slot has it is the engine's to refuse.)</summary>
internal sealed class PortChecker(World world) : Checker(world)
{
    public override string Name => "a host's port has one holder";

    private static string Slot(FakeContainer container) => $"{container.Request.Labels.GetValueOrDefault(ReplicaLabels.Service)}.{container.Request.Labels.GetValueOrDefault(ReplicaLabels.Slot)}";

    public override void OnEngineCall(SimHost host, string operation, string subject, bool isBefore)
    {
        if (!isBefore || operation != nameof(IEngine.StartContainerAsync) || host.Find(subject) is not { IsRunning: false } container) return;
        foreach (var port in container.Request.PortBindings.Where(p => p.HostPort is not null))
        {
            var holder = host.Engine.Containers.FirstOrDefault(c => c != container && c.IsRunning && Slot(c) == Slot(container) && c.Request.PortBindings.Any(p => p.HostPort == port.HostPort && p.Protocol == port.Protocol));
            if (holder is not null) Report($"{container.Name} is started on {host.Name} while {holder.Name} has its port {port.HostPort}");
        }
    }
}
