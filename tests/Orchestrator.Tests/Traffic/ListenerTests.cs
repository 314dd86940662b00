using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Traffic;

public sealed class ListenerTests
{
    [Theory]
    [InlineData(null, null, true)]
    [InlineData("10.0.0.5", null, true)]
    [InlineData("0.0.0.0", "10.0.0.5", true)]
    [InlineData("10.0.0.5", "10.0.0.5", true)]
    [InlineData("::ffff:10.0.0.5", "10.0.0.5", true)]
    [InlineData("10.0.0.5", "127.0.0.1", false)]
    public void Ports_of_two_stacks_collide_where_their_addresses_do(string? mine, string? theirs, bool collide)
    {
        Assert.Equal(collide, Collide(Ingress(mine), Ingress(theirs)));
        Assert.Equal(collide, Collide(Host(mine), Ingress(theirs)));
    }

    [Fact]
    public void Port_of_the_routes_is_one_of_all_addresses() =>
        Assert.True(Collide(Routed(), Ingress("10.0.0.5")));

    [Fact]
    public void Address_is_named() =>
        Assert.Equal("port 8080 on 10.0.0.5", Assert.Single(Listener.Of(Ingress("10.0.0.5"))).Text);

    private static bool Collide(StackSpec one, StackSpec other) =>
        Listener.Of(one).Concat(Listener.OfHosts(one)).Any(mine => Listener.Of(other).Any(mine.CollidesWith));

    private static StackSpec Ingress(string? hostIp) => Spec(World.Service("web") with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80, HostIp = hostIp }] } });

    private static StackSpec Host(string? hostIp) => Spec(World.Service("web") with { Container = new ContainerSpec { Image = "app:v1", Ports = [new PortSpec { Published = 8080, Target = 80, HostIp = hostIp, Mode = PortMode.Host }] } });

    private static StackSpec Routed() => Spec(World.Service("web") with { Traffic = new TrafficSpec { Routes = [new RouteSpec { Host = "a.b", Port = 80, HttpPort = 8080 }] } });

    private static StackSpec Spec(ServiceSpec service) => new() { Name = "shop", Services = [service] };
}
