using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service while its keys are read in the order of the file; what several keys decide together waits for the end.</summary>
internal sealed record ServiceDraft
{
    public required string Name { get; init; }

    public ContainerSpec Container { get; init; } = new() { Image = "" };

    public DeploySpec Deploy { get; init; } = new();

    public PullPolicy PullPolicy { get; init; }

    public ImmutableArray<DependencySpec> DependsOn { get; init; } = [];

    /// <summary>From env_file, in the order of the files.</summary>
    public ImmutableArray<(string Key, string? Text)> FileEnvironment { get; init; } = [];

    /// <summary>From <c>environment</c>, which wins.</summary>
    public ImmutableArray<(string Key, string? Text)> Environment { get; init; } = [];

    public ImmutableSortedDictionary<string, string> FileLabels { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary><c>x-orchestrator</c>'s part of the traffic; ports and routes come last.</summary>
    public TrafficSpec Traffic { get; init; } = new();

    /// <summary><c>ports</c> that the ingress listens on.</summary>
    public ImmutableArray<Placed<IngressPortSpec>> IngressPorts { get; init; } = [];

    public ImmutableArray<RouteDraft> Routes { get; init; } = [];

    public int? Scale { get; init; }

    public int? Replicas { get; init; }

    /// <summary>From <c>restart</c>.</summary>
    public RestartSpec? Restart { get; init; }

    /// <summary>From <c>deploy.restart_policy</c>, which wins.</summary>
    public RestartSpec? DeployRestart { get; init; }

    /// <summary>From <c>mem_limit</c> and its kin.</summary>
    public ResourcesSpec Resources { get; init; } = new();

    /// <summary>From <c>deploy.resources</c>.</summary>
    public ResourcesSpec DeployResources { get; init; } = new();
}
