using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Traffic.Tests;

public sealed class TableChangeTests
{
    [Fact]
    public void Change_leads_from_any_table_to_any_other_one_as_it_is_sent_whole()
    {
        var random = new Random(11);
        var table = Table(random, 1);
        for (var version = 2; version < 400; version++)
        {
            var next = Table(random, version);
            var change = TableChange.Between(table, next);
            Assert.Equal(Text(next), Text(change.Of(table)));
            Assert.Equal(Text(next), Text(OverTheWire(change).Of(table)));
            table = next;
        }
    }

    [Fact]
    public void Change_has_nothing_of_what_stays()
    {
        var random = new Random(3);
        var table = Table(random, 1);
        var change = TableChange.Between(table, JsonSerializer.Deserialize(Text(table), ProtocolJson.Default.TrafficTable)! with { Version = 2 });
        Assert.Empty(change.Services);
        Assert.Empty(change.GoneServices);
        Assert.Empty(change.GoneEndpoints);
    }

    [Fact]
    public void Change_is_applied_to_its_own_version_only()
    {
        var random = new Random(3);
        var (table, next) = (Table(random, 1), Table(random, 2));
        Assert.Throws<ArgumentException>(() => TableChange.Between(table, next).Of(table with { Version = 3 }));
    }

    private static TrafficTable Table(Random random, long version) => new()
    {
        Stack = "shop",
        Version = version,
        Services = [.. new[] { "api", "db", "web" }.Where(_ => random.Next(4) > 0).Select(name => Service(random, name))],
    };

    private static ServiceTraffic Service(Random random, string name) => new()
    {
        Service = name,
        Spec = new TrafficSpec { MaxConnections = random.Next(2) },
        IsInMaintenance = random.Next(5) == 0,
        Aliases = random.Next(2) == 0 ? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty : ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add("shop_default", ["alias"]),
        Endpoints = Endpoint.Ordered(
            from slot in Enumerable.Range(1, 4)
            from revision in new[] { "abc", "def" }
            where random.Next(3) > 0
            let key = new ReplicaKey("shop", name, slot, revision)
            let host = $"h{random.Next(1, 4)}"
            select new Endpoint
            {
                Id = $"{key.ContainerName}@{host}",
                Replica = key,
                Host = host,
                Address = $"10.0.0.{random.Next(2)}",
                State = random.Next(3) == 0 ? EndpointState.Draining : EndpointState.Serving,
                Addresses = ImmutableSortedDictionary<string, string>.Empty.Add("shop_default", $"10.0.0.{random.Next(2)}"),
                Ports = ImmutableSortedDictionary<int, int>.Empty.Add(80, 8080 + random.Next(2)),
            }),
    };

    private static TableChange OverTheWire(TableChange change)
    {
        var sent = JsonSerializer.Serialize(new AgentCommand.ChangeTraffic { CommandId = "c", Change = change }, ProtocolJson.Default.AgentCommand);
        return Assert.IsType<AgentCommand.ChangeTraffic>(JsonSerializer.Deserialize(sent, ProtocolJson.Default.AgentCommand)).Change;
    }

    private static string Text(TrafficTable table) => JsonSerializer.Serialize(table, ProtocolJson.Default.TrafficTable);
}
