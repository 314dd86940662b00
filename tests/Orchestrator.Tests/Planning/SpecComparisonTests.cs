using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Planning;

public sealed class SpecComparisonTests
{
    private static readonly StackSpec Before = Spec("app:v1", ("GREETING", "hello"), ("PASSWORD", "s3cret"));

    [Fact]
    public void Equal_specifications_differ_in_nothing() => Assert.Empty(SpecComparison.Of(Before, Spec("app:v1", ("PASSWORD", "s3cret"), ("GREETING", "hello"))));

    [Fact]
    public void Changed_service_is_told_key_by_key()
    {
        var after = Spec("app:v2", ("GREETING", "hi"), ("NEW", "1"));
        after = after with { Services = [after.Services[0] with { Deploy = new DeploySpec { Replicas = 3, Update = new UpdateSpec { MaxFailureRatio = 0.5 } } }] };

        var part = Assert.Single(SpecComparison.Of(Before, after));

        Assert.Equal(("service", "web", false, false), (part.Kind, part.Name, part.IsNew, part.IsGone));
        Assert.Equal(
            ["deploy.replicas 1 3", "deploy.update.max_failure_ratio 0 0.5", "environment.GREETING hello hi", "environment.NEW  1", "environment.PASSWORD s3cret ", "image app:v1 app:v2"],
            part.Keys.Select(k => $"{k.Path} {k.Before} {k.After}"));
        Assert.Equal(["environment.GREETING", "environment.NEW", "environment.PASSWORD"], part.Keys.Where(k => k.IsVeiled).Select(k => k.Path));
    }

    [Fact]
    public void Parts_come_and_go()
    {
        var after = Before with
        {
            Services = [.. Before.Services, new ServiceSpec { Name = "db", Container = new ContainerSpec { Image = "db:1" } }],
            Networks = ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("back", new NetworkSpec { EngineName = "shop_back" }),
        };

        Assert.Equal(["service db True False", "network back True False"], SpecComparison.Of(Before, after).Select(p => $"{p.Kind} {p.Name} {p.IsNew} {p.IsGone}"));
        Assert.Equal(["service db False True", "network back False True"], SpecComparison.Of(after, Before).Select(p => $"{p.Kind} {p.Name} {p.IsNew} {p.IsGone}"));
    }

    private static StackSpec Spec(string image, params (string Name, string Value)[] environment) => new()
    {
        Name = "shop",
        Services = [new ServiceSpec { Name = "web", Container = new ContainerSpec { Image = image, Environment = environment.ToImmutableSortedDictionary(e => e.Name, e => (string?)e.Value) } }],
    };
}
