using System.Collections.Immutable;
using System.Net;
using Orchestrator.Agent.Names;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Names;

/// <summary>Who is answered what, packet in, packet out.</summary>
public sealed class NameTests
{
    private const string Asker = "10.128.0.90";

    private readonly VirtualTimeProvider _time = new();
    private readonly NameResponder _responder;

    public NameTests() => _responder = new NameResponder(new Random(1), _time);

    private NameResponse Ask(string name, DnsType type = DnsType.A, string asker = Asker, ushort? edns = null, int? limit = null) => _responder.Respond(Dns.Query(name, type, edns: edns), IPAddress.Parse(asker), limit);

    private Dns.Answer Answered(string name, DnsType type = DnsType.A, string asker = Asker, ushort? edns = null, int? limit = null)
    {
        var response = Ask(name, type, asker, edns, limit);
        Assert.NotNull(response.Reply);
        return Dns.Read(response.Reply);
    }

    private void Show(params ServiceTraffic[] services) => _responder.Show(NameTable.From(NameTraffic.Of(services)));

    [Fact]
    public void Answer_is_noted_for_each_address_it_names_and_forgotten_when_it_has_expired()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")), NameTraffic.Service("api", NameTraffic.Endpoint("a1", "10.128.0.80")));
        Answered("web");
        Assert.Equal(_time.GetUtcNow(), _responder.LastTold(["10.128.0.70", "10.128.0.80"]));
        Assert.Null(_responder.LastTold(["10.128.0.80"]));
        Assert.Null(_responder.LastTold([]));

        _time.Advance(TimeSpan.FromSeconds(2));
        Show();
        Assert.Null(_responder.LastTold(["10.128.0.70"]));
    }

    [Theory]
    [InlineData("web")]
    [InlineData("WEB")]
    [InlineData("web.shop")]
    [InlineData("tasks.web")]
    [InlineData("tasks.web.shop")]
    [InlineData("shop_web")]
    [InlineData("shop-front")]
    public void Every_name_of_a_service_gives_its_serving_replicas(string name)
    {
        var web = NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70"), NameTraffic.Endpoint("w2", "10.128.0.200"), NameTraffic.Endpoint("w0", "10.128.0.71", state: EndpointState.Draining));
        Show(web with { Aliases = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty.Add(NameTraffic.Front, ["shop-front"]) });

        var answer = Answered(name);

        Assert.Equal((0x1234, 0), (answer.Id, answer.Code));
        Assert.Equal(["10.128.0.200", "10.128.0.70"], answer.Addresses.Order(StringComparer.Ordinal));
        Assert.All(answer.Ttls, ttl => Assert.Equal(1u, ttl));
    }

    [Fact]
    public void Container_is_found_by_its_own_name()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("shop-web-1-abc", "10.128.0.70"), NameTraffic.Endpoint("shop-web-2-abc", "10.128.0.200")));

        Assert.Equal(["10.128.0.200"], Answered("shop-web-2-abc").Addresses);
    }

    [Fact]
    public void Answers_are_mixed()
    {
        Show(NameTraffic.Service("web", [.. Enumerable.Range(70, 4).Select(n => NameTraffic.Endpoint($"w{n}", $"10.128.0.{n}"))]));

        Assert.Equal(4, Enumerable.Range(0, 60).Select(_ => Answered("web").Addresses[0]).Distinct().Count());
    }

    /// <remarks>An error would have Docker's resolver ask the next server and, after the last, answer nothing at all: clients would hang for seconds.</remarks>
    [Fact]
    public void Service_without_a_serving_replica_is_known_and_empty()
    {
        Show(NameTraffic.Service("web"), NameTraffic.Service("db", NameTraffic.Endpoint("d1", "10.128.0.70", state: EndpointState.Draining)));

        Assert.All(new[] { "web", "db" }, name => Assert.Equal((0, 0), (Answered(name).Code, Answered(name).Addresses.Count)));
    }

    [Fact]
    public void Ipv6_address_of_a_name_of_ours_is_an_empty_answer()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")));

        var answer = Answered("web", DnsType.Aaaa);
        Assert.Equal((0, 0), (answer.Code, answer.Addresses.Count));
    }

    [Fact]
    public void Names_of_others_are_asked_elsewhere()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")));

        var response = Ask("example.org");
        Assert.Null(response.Reply);
        Assert.Equal("example.org", response.Forward!.Name);
    }

    [Fact]
    public void Asker_outside_our_networks_is_refused()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")));

        Assert.Equal(5, Answered("web", asker: "192.168.1.9").Code);
        Assert.Equal(5, Answered("example.org", asker: "192.168.1.9").Code);
    }

    [Fact]
    public void Service_of_another_network_is_unknown_to_who_is_not_on_it()
    {
        Show(
            NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")),
            NameTraffic.Service("db", NameTraffic.Endpoint("d1", back: "10.128.64.70")));

        Assert.NotNull(Ask("db", asker: "10.128.0.70").Forward);
    }

    [Fact]
    public void Replica_on_two_networks_is_told_of_both_whichever_it_asks_through()
    {
        Show(
            NameTraffic.Service("api", NameTraffic.Endpoint("a1", "10.128.0.70", "10.128.64.71")),
            NameTraffic.Service("db", NameTraffic.Endpoint("d1", back: "10.128.64.70")));

        Assert.Equal(["10.128.64.70"], Answered("db", asker: "10.128.0.70").Addresses);
    }

    [Fact]
    public void Container_that_is_being_started_is_told_of_all_networks_of_its_stack()
    {
        Show(NameTraffic.Service("db", NameTraffic.Endpoint("d1", back: "10.128.64.70")));

        Assert.Equal(["10.128.64.70"], Answered("db", asker: Asker).Addresses);
    }

    [Fact]
    public void Address_of_ours_has_a_name_and_one_that_nobody_has_none()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")));

        Assert.Equal(["w1.shop_front"], Answered("70.0.128.10.in-addr.arpa", DnsType.Ptr).Pointers);
        Assert.Equal(3, Answered("99.0.128.10.in-addr.arpa", DnsType.Ptr).Code);
        Assert.NotNull(Ask("1.1.168.192.in-addr.arpa", DnsType.Ptr).Forward);
    }

    [Theory]
    [InlineData(null, 512)]
    [InlineData(100, 512)]
    [InlineData(1000, 1000)]
    [InlineData(65000, 1232)]
    public void Answer_fits_what_the_client_takes_and_says_when_it_is_cut(int? edns, int most)
    {
        Show(NameTraffic.Service("web", [.. Enumerable.Range(1, 100).Select(n => NameTraffic.Endpoint($"w{n}", $"10.128.1.{n}"))]));

        var udp = Answered("web", edns: (ushort?)edns);
        Assert.True(udp.IsTruncated);
        Assert.InRange(udp.Length, most - 16, most);
        Assert.Equal(edns is null ? 0 : 1, udp.Additional);

        var tcp = Answered("web", edns: (ushort?)edns, limit: DnsReply.TcpMax);
        Assert.Equal((false, 100), (tcp.IsTruncated, tcp.Addresses.Count));
    }

    [Fact]
    public void Packet_that_is_none_is_not_answered_and_malformed_ones_are_refused()
    {
        Assert.Equal(NameResponse.None, _responder.Respond(new byte[5], IPAddress.Parse(Asker), null));
        var answer = Dns.Query("web");
        answer[2] |= 0x80;
        Assert.Equal(NameResponse.None, _responder.Respond(answer, IPAddress.Parse(Asker), null));
        Assert.Equal(1, Dns.Read(_responder.Respond(Dns.Query("web").AsMemory()[..^3], IPAddress.Parse(Asker), null).Reply).Code);
        var update = Dns.Query("web");
        update[2] |= 5 << 3;
        Assert.Equal(4, Dns.Read(_responder.Respond(update, IPAddress.Parse(Asker), null).Reply).Code);
    }

    [Fact]
    public void No_packet_breaks_it()
    {
        Show(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")));
        var random = new Random(7);
        var answered = 0;
        for (var run = 0; run < 20_000; run++)
        {
            var packet = Dns.Query("web", edns: 1232);
            for (var change = random.Next(4); change >= 0; change--) packet[random.Next(packet.Length)] = (byte)random.Next(256);
            var response = _responder.Respond(packet.AsMemory()[..random.Next(packet.Length + 1)], IPAddress.Parse(Asker), null);
            if (response.Reply is not null) answered++;
        }

        Assert.InRange(answered, 1, 20_000);
    }

    [Fact]
    public void Gone_stack_has_no_names()
    {
        var traffic = NameTraffic.Of(NameTraffic.Service("web", NameTraffic.Endpoint("w1", "10.128.0.70")));
        var applied = traffic.Stacks["shop"];
        _responder.Show(NameTable.From(new(traffic.Stacks.SetItem("shop", applied with { Table = applied.Table with { IsRemoved = true } }))));

        Assert.Equal(5, Answered("web").Code);
    }
}
