using Orchestrator.Engine;

namespace Orchestrator.Simulation;

/// <summary>No container is started while another one has its port of the host.</summary>
internal sealed class PortChecker(World world) : Checker(world)
{
    public override string Name => "a host's port has one holder";

    public override void OnEngineCall(SimHost host, string operation, string subject, bool isBefore)
    {
        if (!isBefore || operation != nameof(IEngine.StartContainerAsync) || host.Find(subject) is not { IsRunning: false } container) return;
        foreach (var port in container.Request.PortBindings.Where(p => p.HostPort is not null))
        {
            var holder = host.Engine.Containers.FirstOrDefault(c => c != container && c.IsRunning && c.Request.PortBindings.Any(p => p.HostPort == port.HostPort && p.Protocol == port.Protocol));
            if (holder is not null) Report($"{container.Name} is started on {host.Name} while {holder.Name} has its port {port.HostPort}");
        }
    }
}
