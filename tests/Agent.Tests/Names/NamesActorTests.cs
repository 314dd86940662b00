using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Names;
using Orchestrator.Agent.Traffic;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Names;

public sealed class NamesActorTests : IDisposable
{
    private readonly AgentBench _bench = new();
    private readonly FakeNameServers _servers = new();
    private readonly List<object> _told = [];
    private readonly IActorRef _sink;
    private readonly IActorRef _listener;

    public NamesActorTests()
    {
        var servers = _servers;
        _sink = _bench.StartActor(Props.Create(() => new NamesActor(() => servers, NullLogger.Instance)));
        _listener = _bench.Listener(_told);
    }

    public void Dispose() => _bench.Dispose();

    private void Apply(long number, params Endpoint[] endpoints)
    {
        _sink.Tell(new SinkMessage.Apply(number, NameTraffic.Of(NameTraffic.Service("web", endpoints))), _listener);
        _bench.Settle();
    }

    private ImmutableHashSet<string> Drained => _told.OfType<SinkMessage.Drained>().Last().Endpoints;

    [Fact]
    public void Traffic_is_shown_on_every_gateway_and_acknowledged()
    {
        Apply(4, NameTraffic.Endpoint("w1", "10.128.0.70"));

        Assert.Equal(["10.128.0.1", "10.128.64.1"], _servers.Addresses);
        Assert.Contains(new SinkMessage.Applied("names", 4), _told);
        Assert.IsType<NameAnswer.Known>(_servers.Table.Find(0x0A80005A, "web", DnsType.A));
    }

    [Fact]
    public void Draining_endpoint_counts_as_drained_when_the_last_answer_has_expired()
    {
        _bench.Advance(5);
        Apply(1, NameTraffic.Endpoint("w1", "10.128.0.70"));
        _servers.Told["10.128.0.70"] = _bench.Time.GetUtcNow();
        _bench.Advance(0.5);
        Apply(2, NameTraffic.Endpoint("w1", "10.128.0.70", state: EndpointState.Draining));
        Assert.Empty(((NameAnswer.Known)_servers.Table.Find(0x0A80005A, "web", DnsType.A)).Addresses);
        _bench.Advance(0.4);
        Assert.Empty(Drained);

        // Another change in between does not begin the time anew.
        Apply(3, NameTraffic.Endpoint("w1", "10.128.0.70", state: EndpointState.Draining), NameTraffic.Endpoint("w2", "10.128.0.71"));
        _bench.Advance(0.2);
        Assert.Equal(["w1@h1"], Drained);
    }

    [Fact]
    public void Endpoint_that_nobody_has_asked_for_is_drained_at_once()
    {
        _bench.Advance(5);
        Apply(1, NameTraffic.Endpoint("w1", "10.128.0.70"));
        Apply(2, NameTraffic.Endpoint("w1", "10.128.0.70", state: EndpointState.Draining));
        Assert.Equal(["w1@h1"], Drained);
    }

    [Fact]
    public void What_was_answered_before_the_agent_began_is_waited_for_as_if_it_had_been_just_then()
    {
        Apply(1, NameTraffic.Endpoint("w1", "10.128.0.70", state: EndpointState.Draining));
        _bench.Advance(0.9);
        Assert.Empty(Drained);
        _bench.Advance(0.2);
        Assert.Equal(["w1@h1"], Drained);
    }

    [Fact]
    public void Endpoint_that_serves_again_begins_anew_when_it_drains_again()
    {
        Apply(1, NameTraffic.Endpoint("w1", "10.128.0.70", state: EndpointState.Draining));
        _bench.Advance(2);
        Apply(2, NameTraffic.Endpoint("w1", "10.128.0.70"));
        _servers.Told["10.128.0.70"] = _bench.Time.GetUtcNow();
        Apply(3, NameTraffic.Endpoint("w1", "10.128.0.70", state: EndpointState.Draining));

        Assert.Empty(Drained);
    }

    [Fact]
    public void Port_that_is_taken_hinders_until_it_is_free()
    {
        _servers.Problems = ["port 53 is another program's"];
        Apply(1);
        Assert.Equal("port 53 is another program's", Assert.Single(_told.OfType<SinkMessage.Hindered>()).Problem.Message);
        Assert.Empty(_told.OfType<SinkMessage.Applied>());

        _servers.Problems = [];
        _bench.Advance(3);
        Assert.Contains(new SinkMessage.Applied("names", 1), _told);
    }
}
