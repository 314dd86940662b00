using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Simulation;

/// <summary>A service as scenarios and random runs write it.</summary>
internal sealed record ServiceSetup(string Name, string Version = "v1")
{
    public int Replicas { get; init; } = 3;

    public bool IsGlobal { get; init; }

    public UpdateOrder Order { get; init; } = UpdateOrder.StartFirst;

    public int Parallelism { get; init; } = 1;

    public TimeSpan Delay { get; init; }

    public TimeSpan Monitor { get; init; } = TimeSpan.FromSeconds(2);

    public FailureAction OnFailure { get; init; } = FailureAction.Pause;

    public double MaxFailureRatio { get; init; }

    public TimeSpan ProgressDeadline { get; init; } = TimeSpan.FromMinutes(2);

    public int Retain { get; init; } = 1;

    /// <summary>A port of the host's own.</summary>
    public int? HostPort { get; init; }

    public StrategySpec Strategy { get; init; } = new();

    /// <summary>With one the service listens on a port of the ingress, which counts its requests.</summary>
    public SloSpec? Slo { get; init; }

    /// <summary>Services that come first.</summary>
    public ImmutableArray<string> After { get; init; } = [];

    public string Image => $"registry.sim/{Name}:{Version}";

    public ServiceSpec Spec(string stack)
    {
        var policy = new UpdateSpec { Parallelism = Parallelism, Delay = Delay, FailureAction = OnFailure, Monitor = Monitor, MaxFailureRatio = MaxFailureRatio, Order = Order };
        return new ServiceSpec
        {
            Name = Name,
            Container = new ContainerSpec
            {
                Image = Image,
                Networks = [new NetworkAttachmentSpec { Network = "default", EngineName = $"{stack}_default" }],
                Ports = HostPort is { } port ? [new PortSpec { Target = 80, Published = port, Mode = PortMode.Host }] : [],
            },
            Traffic = Slo is null ? new TrafficSpec() : new TrafficSpec { Slo = Slo, Ports = [new IngressPortSpec { Published = 7000 + (stack[0] * 10) + Name[0], Target = 80 }] },
            DependsOn = [.. After.Select(service => new DependencySpec { Service = service })],
            Deploy = new DeploySpec
            {
                Mode = IsGlobal ? ServiceMode.Global : ServiceMode.Replicated,
                Replicas = Replicas,
                Update = policy,
                Rollback = policy with { FailureAction = FailureAction.Pause },
                ProgressDeadline = ProgressDeadline,
                Retain = Retain,
                Strategy = Strategy,
                DrainTimeout = TimeSpan.FromSeconds(5),
            },
        };
    }
}
