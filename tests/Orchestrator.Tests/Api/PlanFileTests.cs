using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Api;

public sealed class PlanFileTests
{
    private static readonly string[] Words = ["a", "B", "a-b", "a_b", "Z", "zone", "Ä", "_"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 50)];

    [Fact]
    public void File_is_what_was_written()
    {
        var file = Make(new Random(1), new Random(1));

        var read = PlanFile.Read(file.ToBytes());

        Assert.Null(read.Fault());
        Assert.Equal(file.ToBytes(), read.ToBytes());
        Assert.Equal(SpecJson.Write(file.Spec), SpecJson.Write(read.Spec));
    }

    /// <summary>The order in which hosts, replicas and keys of dictionaries were put together is no part of what they say.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Same_input_gives_the_same_bytes_in_whatever_order_it_came(int seed)
    {
        var (one, other) = (Make(new Random(seed), new Random(1)), Make(new Random(seed), new Random(2)));

        Assert.Equal(Encoding.UTF8.GetString(one.ToBytes()), Encoding.UTF8.GetString(other.ToBytes()));
        Assert.Null(PlanFile.Read(other.ToBytes()).Fault());
    }

    [Theory]
    [InlineData("\"replicas\": 2", "\"replicas\": 3")]
    [InlineData("secret-value", "other-value")]
    [InlineData("\"takesReplicas\": true", "\"takesReplicas\": false")]
    [InlineData("app:v1@sha256:1", "app:v1@sha256:2")]
    public void File_that_was_edited_is_refused(string was, string isNow)
    {
        var text = Encoding.UTF8.GetString(Small().ToBytes());
        Assert.Contains(was, text, StringComparison.Ordinal);

        var edited = PlanFile.Read(Encoding.UTF8.GetBytes(text.Replace(was, isNow, StringComparison.Ordinal)));

        Assert.Contains("it was changed since it was made", edited.Fault(), StringComparison.Ordinal);
    }

    [Fact]
    public void Warnings_are_of_the_moment()
    {
        var file = Small();

        Assert.Null((file with { Plan = file.Plan with { Warnings = ["the registry is slow today"] } }).Fault());
    }

    [Fact]
    public void Form_of_a_later_release_is_refused_by_its_number() =>
        Assert.Equal("its form is version 2, and this release knows version 1; make the plan again with this release", (Small() with { Version = 2 }).Fault());

    [Fact]
    public void What_is_no_plan_file_is_not_read() => Assert.Throws<JsonException>(() => PlanFile.Read("{\"version\": 1}"u8));

    [Fact]
    public void Drift_names_what_changed()
    {
        var web = World.Service("web", replicas: 2);
        var then = World.Hosts("h1", "h2").Run("h1", web, 1).Run("h2", web, 2);
        var now = World.Hosts("h1", "h3").Run("h1", web, 1, Protocol.ReplicaState.Exited).Run("h3", web, 2);
        var before = PlanState.Of(then, World.Stack, 4, 4);
        var id = World.IdOf(web)[..8];

        Assert.Empty(before.DriftTo(PlanState.Of(then, World.Stack, 4, 4)));
        Assert.Equal(
            ["the stack is at revision 5, and was at revision 4", "host h2 has left the fleet", "host h3 is new", $"replica web.2 ({id}) on h2 is gone", $"replica web.1 ({id}) on h1 is exited, and was running", $"replica web.2 ({id}) on h3 is new"],
            before.DriftTo(PlanState.Of(now, World.Stack, 5, 5)));
        Assert.Equal(["revisions up to 6 have been made since, and were up to 4"], before.DriftTo(PlanState.Of(then, World.Stack, 4, 6)));
        Assert.Equal(["host h2 takes no replicas any more"], before.DriftTo(PlanState.Of(then.In("h2", HostState.Disconnected), World.Stack, 4, 4)));
    }

    private static PlanFile Small()
    {
        var service = World.Service("web", replicas: 2);
        service = service with { Container = service.Container with { Environment = ImmutableSortedDictionary<string, string?>.Empty.Add("KEY", "secret-value") } };
        return Of(World.Hosts("h1"), World.Revision(1, service));
    }

    private static PlanFile Make(Random random, Random order)
    {
        var services = Enumerable.Range(0, random.Next(1, 4)).Select(i => Service($"s{i}", random, order)).ToArray();
        var hosts = Enumerable.Range(1, random.Next(1, 5)).Select(i => World.Host($"h{i}", labels: [.. Words.Take(random.Next(Words.Length)).Select(w => (w, w)).ToArray().Shuffled(order)])).ToArray();
        var fleet = hosts.Shuffled(order).Aggregate(FleetSnapshot.Empty, (f, host) => f.With(host));
        var running = services.SelectMany(s => Enumerable.Range(1, s.Deploy.Replicas).Select(slot => (Service: s, Slot: slot, Host: hosts[random.Next(hosts.Length)].Name))).ToArray();
        fleet = running.Shuffled(order).Aggregate(fleet, (f, r) => f.Run(r.Host, r.Service, r.Slot));
        var next = services.Select(s => s with { Container = s.Container with { Image = s.Container.Image + "1" } }).ToArray();
        return Of(fleet, World.Revision(2, next), World.Revision(1, services));
    }

    private static ServiceSpec Service(string name, Random random, Random order)
    {
        var service = World.Service(name, replicas: random.Next(0, 5));
        var environment = Words.Take(random.Next(Words.Length)).Select(w => KeyValuePair.Create(w, (string?)random.Next().ToString(System.Globalization.CultureInfo.InvariantCulture))).ToArray();

        // As after a way over the wire, where the comparer is another one.
        return service with { Container = service.Container with { Environment = environment.Shuffled(order).ToImmutableSortedDictionary(order.Next(2) == 0 ? StringComparer.Ordinal : StringComparer.InvariantCulture) } };
    }

    private static PlanFile Of(FleetSnapshot fleet, StackRevision target, StackRevision? current = null)
    {
        var result = Planner.Plan(new PlanInput { Stack = World.Stack, Current = current, Target = target, Fleet = fleet });
        Assert.Empty(result.Errors);
        return new PlanFile
        {
            Stack = World.Stack,
            Spec = target.Spec,
            Images = target.Services.ToImmutableSortedDictionary(s => s.Key, s => new PinnedImage(s.Value.Image + "@sha256:1", [])),
            State = PlanState.Of(fleet, World.Stack, current?.Number, current?.Number ?? 0),
            Plan = result.Plan!,
        }.Sealed();
    }
}

file static class Order
{
    public static T[] Shuffled<T>(this T[] items, Random random)
    {
        var copy = items.ToArray();
        random.Shuffle(copy);
        return copy;
    }
}
