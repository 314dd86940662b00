using Orchestrator.Agent.Replicas;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Tests.Replicas;

public sealed class ObservationTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("healthy")]
    public void Paused_container_does_not_serve_whatever_its_healthcheck_said_last(string? health)
    {
        var container = new ContainerDetails
        {
            Id = "1",
            Name = "shop-web-1",
            Status = "paused",
            Running = true,
            Health = health is null ? null : new HealthState(health, 0, "", 0),
        };

        var seen = ReplicaObservation.Snapshot(AgentBench.Key(), container, new ReplicaVerdict(ReplicaStanding.Passed), DateTimeOffset.UnixEpoch);

        Assert.Equal((ReplicaState.Running, ReplicaHealth.Unhealthy, false), (seen.State, seen.Health, seen.IsServing));
        Assert.Contains("docker pause", seen.HealthOutput, StringComparison.Ordinal);
    }
}
