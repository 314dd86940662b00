using System.Net.WebSockets;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Links;
using Orchestrator.Fleet;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Tests.Links;

public sealed class AgentLinkTests
{
    private static readonly LinkOptions Quick = new() { BackoffMin = TimeSpan.FromMilliseconds(5), BackoffMax = TimeSpan.FromMilliseconds(50) };

    [Fact]
    public async Task Commands_go_down_and_events_come_up()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var agent = StartAgent(fleet, "h1");

        var connected = await fleet.Fleet.NextAsync<FleetMessage.AgentConnected>();
        Assert.Equal("h1", connected.Host);
        var up = await agent.NextAsync<UplinkMessage.LinkUp>();
        var command = new AgentCommand.ResolveImage { CommandId = "1", Reference = "web:v1" };
        connected.Downlink.Tell(command);
        Assert.Equal(command, await agent.NextAsync<AgentCommand>());
        up.Uplink.Tell(new AgentEvent.StackRemoved("1", null));
        Assert.Equal(new AgentEvent.StackRemoved("1", null), await fleet.Uplink.NextAsync<AgentEvent>());
    }

    [Fact]
    public async Task Agent_comes_back_after_the_coordinator_restarted()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var agent = StartAgent(fleet, "h1");
        await fleet.Fleet.NextAsync<FleetMessage.AgentConnected>();
        await agent.NextAsync<UplinkMessage.LinkUp>();

        await fleet.RestartAsync();

        Assert.Equal("h1", (await fleet.Fleet.NextAsync<FleetMessage.AgentDisconnected>()).Host);
        await agent.NextAsync<UplinkMessage.LinkDown>();
        await fleet.Fleet.NextAsync<FleetMessage.AgentConnected>();
        await agent.NextAsync<UplinkMessage.LinkUp>();
    }

    [Fact]
    public async Task Session_that_another_replaced_is_closed()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        StartAgent(fleet, "h1");
        var first = await fleet.Fleet.NextAsync<FleetMessage.AgentConnected>();

        first.Downlink.Tell(new FleetMessage.SessionReplaced());

        var gone = await fleet.Fleet.NextAsync<FleetMessage.AgentDisconnected>();
        Assert.Equal(first.Downlink, gone.Downlink);
        Assert.Contains("newer session", gone.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_that_falls_silent_is_disconnected_after_the_stated_time()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Link = o.Link with { HeartbeatInterval = TimeSpan.FromMilliseconds(25), MissesMax = 4 } });
        using var silent = await DialAsync(fleet);
        Assert.Null(silent.Post(LinkFrame.Hello.Of("test")));

        var gone = await fleet.Fleet.NextAsync<FleetMessage.AgentDisconnected>();

        Assert.Equal("silent for 0.1 s", gone.Reason);
    }

    [Fact]
    public async Task Coordinator_sends_heartbeats_of_its_own()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Link = o.Link with { HeartbeatInterval = TimeSpan.FromMilliseconds(25), MissesMax = 1000 } });
        using var silent = await DialAsync(fleet);
        silent.Post(LinkFrame.Hello.Of("test"));

        Assert.IsType<LinkFrame.Hello>(await silent.ReceiveAsync());
        Assert.IsType<LinkFrame.Heartbeat>(await silent.ReceiveAsync());
        Assert.IsType<LinkFrame.Heartbeat>(await silent.ReceiveAsync());
    }

    [Fact]
    public async Task Agent_of_a_protocol_we_do_not_speak_is_refused_with_the_reason()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var future = await DialAsync(fleet);
        future.Post(new LinkFrame.Hello(LinkProtocol.VersionMax + 1, LinkProtocol.VersionMax + 3, "the agent of the future"));

        Assert.IsType<LinkFrame.Hello>(await future.ReceiveAsync());
        var refused = Assert.IsType<LinkFrame.Refused>(await future.ReceiveAsync());

        Assert.Contains("the agent of the future", refused.Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<LinkClosedException>(future.ReceiveAsync);
    }

    [Fact]
    public async Task Agent_that_sends_what_is_not_its_to_send_is_disconnected()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var odd = await DialAsync(fleet);
        odd.Post(LinkFrame.Hello.Of("test"));
        odd.Post(new LinkFrame.Command(new AgentCommand.ReportInventory { CommandId = "1" }));

        Assert.Contains("not its to send", (await fleet.Fleet.NextAsync<FleetMessage.AgentDisconnected>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_over_the_limit_ends_the_link()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Link = o.Link with { MessageBytesMax = 1000 } });
        using var loud = await DialAsync(fleet);
        loud.Post(LinkFrame.Hello.Of("test"));
        loud.Post(new LinkFrame.Event(new AgentEvent.StackRemoved("1", new string('x', 2000))));

        Assert.Contains("more than 1000 bytes", (await fleet.Fleet.NextAsync<FleetMessage.AgentDisconnected>()).Reason, StringComparison.Ordinal);
    }

    private static Inbox StartAgent(CoordinatorFixture fleet, string name)
    {
        var agent = new Inbox(fleet.System, $"agent-{name}");
        var props = AgentLink.PropsFor([fleet.Address], fleet.CredentialFolder(name, CertificateRole.Agent), agent.Ref, Quick, "1.2.3", TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        fleet.System.ActorOf(props, $"link-{name}");
        return agent;
    }

    private static async Task<LinkConnection> DialAsync(CoordinatorFixture fleet)
    {
        using var credential = fleet.Credential("h1", CertificateRole.Agent);
        using var invoker = new HttpMessageInvoker(CoordinatorTransport.Create(credential.Authority, credential.Certificate, TimeProvider.System));
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"wss://127.0.0.1:{fleet.Port}/v1/agent"), invoker, CancellationToken.None);
        return new LinkConnection(socket, new LinkOptions(), TimeProvider.System);
    }
}
