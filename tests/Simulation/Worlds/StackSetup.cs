using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Stacks;

namespace Orchestrator.Simulation;

internal sealed record StackSetup(string Name, ImmutableArray<ServiceSetup> Services)
{
    public StackSpec Spec => new()
    {
        Name = Name,
        Services = [.. Services.Select(service => service.Spec(Name))],
        Networks = ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("default", new NetworkSpec { EngineName = $"{Name}_default" }),
    };

    public ChangeRequest.Deploy Deploy => new() { Stack = Name, Spec = Spec, SkipUnreachable = true };

    public StackSetup With(Func<ServiceSetup, ServiceSetup> change) => this with { Services = [.. Services.Select(change)] };
}
