using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Traffic.Tests;

public sealed class TrafficKeysTests
{
    [Fact]
    public void Table_becomes_the_documented_keys()
    {
        var table = new TrafficTable
        {
            Stack = "shop",
            Version = 7,
            Services =
            [
                new ServiceTraffic
                {
                    Service = "web",
                    IsInMaintenance = true,
                    Spec = new TrafficSpec
                    {
                        Balance = BalanceKind.LeastConnections,
                        Ports = [new IngressPortSpec { Published = 8080, Target = 81 }],
                        Routes = [new RouteSpec { Host = "shop.test", Path = "/api", Port = 9000, Strip = true, Protocol = BackendProtocol.H2c }],
                    },
                    Endpoints =
                    [
                        Endpoint("new@h1", "10.0.0.2", EndpointState.Serving) with { Ports = Ports(81), RoutePorts = [9000] },
                        Endpoint("old@h1", "10.0.0.1", EndpointState.Draining) with { Ports = Ports(80) },
                        Endpoint("six@h2", "fd00::5", EndpointState.Serving) with { Ports = Ports(81) },
                    ],
                },
            ],
        };

        const string at = "/stacks/shop/services/web";
        Assert.Equal(
            [
                $"{at}/addresses/new@h1=10.0.0.2",
                $"{at}/addresses/six@h2=fd00::5",
                $"{at}/balance=leastconn",
                $"{at}/draining-addresses/old@h1=10.0.0.1",
                $"{at}/draining/81/old@h1=10.0.0.1:80",
                $"{at}/maintenance=true",
                $"{at}/ports/8080=81",
                $"{at}/routes/000/host=shop.test",
                $"{at}/routes/000/path=/api",
                $"{at}/routes/000/port=9000",
                $"{at}/routes/000/protocol=h2c",
                $"{at}/routes/000/strip=true",
                $"{at}/upstreams/81/new@h1=10.0.0.2:81",
                $"{at}/upstreams/81/six@h2=[fd00::5]:81",
                $"{at}/upstreams/9000/new@h1=10.0.0.2:9000",
                "/stacks/shop/version=7",
            ],
            TrafficKeys.Of(table).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public void Stack_that_is_gone_has_no_keys() => Assert.Empty(TrafficKeys.Of(new TrafficTable { Stack = "shop", Version = 8, IsRemoved = true }));

    private static ImmutableSortedDictionary<int, int> Ports(int own) => ImmutableSortedDictionary<int, int>.Empty.Add(8080, own);

    private static Endpoint Endpoint(string id, string address, EndpointState state) =>
        new() { Id = id, Replica = new ReplicaKey("shop", "web", 1, "aaaabbbbcccc"), Host = "h1", Address = address, State = state };
}
