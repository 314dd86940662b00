using Orchestrator.Planning;

namespace Orchestrator.Traffic;

/// <summary>The surroundings of tables in this coordinator.</summary>
internal sealed class TrafficExtras : ITrafficExtras
{
    public Task PrepareAsync(TrafficTarget target) => Task.CompletedTask;

    public Task<HostExtras> HostsAsync(TrafficTarget target, FleetSnapshot fleet) => Task.FromResult(HostExtras.None);

    public void Publish(TrafficTable table)
    {
    }
}
