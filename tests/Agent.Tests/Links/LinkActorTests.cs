using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Links;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Tests.Links;

public sealed class LinkActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly LinkOptions Quick = new() { BackoffMin = TimeSpan.FromMilliseconds(2), BackoffMax = TimeSpan.FromMilliseconds(20), CloseTimeout = TimeSpan.FromMilliseconds(500) };
    private static readonly Uri A = new("https://a:7443");
    private static readonly Uri B = new("https://b:7443");

    [Fact]
    public async Task Link_greets_and_carries_both_ways()
    {
        var (coordinators, link) = Start(Quick, A);
        using var connection = await coordinators.NextAsync();
        Assert.Equal(LinkFrame.Hello.Of("1.0"), await connection.ReceiveAsync());
        connection.Post(LinkFrame.Hello.Of("2.0"));

        Assert.Equal(link, ExpectMsg<UplinkMessage.LinkUp>(Patience).Uplink);
        var command = new AgentCommand.ReportInventory { CommandId = "7" };
        connection.Post(new LinkFrame.Command(command));
        ExpectMsg<AgentCommand>(command, Patience);
        link.Tell(new AgentEvent.LogsEnded("7", null));
        Assert.Equal(new LinkFrame.Event(new AgentEvent.LogsEnded("7", null)), await connection.ReceiveAsync());
    }

    [Fact]
    public async Task Heartbeat_is_answered_at_once()
    {
        var (coordinators, _) = Start(Quick with { HeartbeatInterval = TimeSpan.FromHours(1) }, A);
        using var connection = await coordinators.NextAsync();
        await connection.ReceiveAsync();
        connection.Post(LinkFrame.Hello.Of("2.0"));
        connection.Post(new LinkFrame.Heartbeat());

        Assert.IsType<LinkFrame.Heartbeat>(await connection.ReceiveAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Agent_speaks_though_the_coordinator_does_not()
    {
        var (coordinators, _) = Start(Quick with { HeartbeatInterval = TimeSpan.FromMilliseconds(25), MissesMax = 1000 }, A);
        using var connection = await coordinators.NextAsync();
        await connection.ReceiveAsync();
        connection.Post(LinkFrame.Hello.Of("2.0"));

        Assert.IsType<LinkFrame.Heartbeat>(await connection.ReceiveAsync().WaitAsync(Patience));
        Assert.IsType<LinkFrame.Heartbeat>(await connection.ReceiveAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task Coordinators_are_dialled_in_turn_until_one_answers()
    {
        var coordinators = new FakeCoordinators(Quick) { Refuse = uri => uri == A ? "refused" : null };
        Start(coordinators, Quick, A, B);

        Assert.Equal(A, await coordinators.NextDialAsync());
        Assert.Equal(B, await coordinators.NextDialAsync());
        using var connection = await coordinators.NextAsync();
        connection.Post(LinkFrame.Hello.Of("2.0"));
        ExpectMsg<UplinkMessage.LinkUp>(Patience);
    }

    [Fact]
    public async Task Coordinator_that_falls_silent_is_given_up_and_another_is_dialled()
    {
        var options = Quick with { HeartbeatInterval = TimeSpan.FromMilliseconds(25), MissesMax = 4 };
        var (coordinators, _) = Start(options, A, B);
        using var silent = await coordinators.NextAsync();
        silent.Post(LinkFrame.Hello.Of("2.0"));
        ExpectMsg<UplinkMessage.LinkUp>(Patience);

        Assert.Contains("silent for 0.1 s", ExpectMsg<UplinkMessage.LinkDown>(Patience).Reason, StringComparison.Ordinal);
        Assert.Equal(A, await coordinators.NextDialAsync());
        Assert.Equal(B, await coordinators.NextDialAsync());
    }

    [Fact]
    public async Task Coordinator_that_never_greets_is_given_up()
    {
        var (coordinators, _) = Start(Quick with { HandshakeTimeout = TimeSpan.FromMilliseconds(25) }, A, B);
        using var mute = await coordinators.NextAsync();

        Assert.Equal(A, await coordinators.NextDialAsync());
        Assert.Equal(B, await coordinators.NextDialAsync());
    }

    [Fact]
    public async Task Coordinator_of_a_protocol_we_do_not_speak_is_told_so()
    {
        var (coordinators, _) = Start(Quick, A);
        using var future = await coordinators.NextAsync();
        future.Post(new LinkFrame.Hello(LinkProtocol.VersionMax + 1, LinkProtocol.VersionMax + 1, "the coordinator of the future"));

        Assert.IsType<LinkFrame.Hello>(await future.ReceiveAsync());
        var refused = Assert.IsType<LinkFrame.Refused>(await future.ReceiveAsync());
        Assert.Contains("the coordinator of the future", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_that_overflows_closes_the_link_and_dials_anew()
    {
        var options = Quick with { OutboundBytesMax = 10_000 };
        var (coordinators, link) = Start(options, A);
        using var connection = await coordinators.NextAsync();
        connection.Post(LinkFrame.Hello.Of("2.0"));
        ExpectMsg<UplinkMessage.LinkUp>(Patience);

        // Nobody reads at the other end: the socket's own buffers fill, then the queue.
        for (var i = 0; i < 100; i++) link.Tell(new AgentEvent.StackRemoved("1", new string('x', 5000)));

        Assert.Contains("does not read", ExpectMsg<UplinkMessage.LinkDown>(Patience).Reason, StringComparison.Ordinal);
        using var next = await coordinators.NextAsync();
        next.Post(LinkFrame.Hello.Of("2.0"));
        ExpectMsg<UplinkMessage.LinkUp>(Patience);
    }

    [Fact]
    public void Waits_double_up_to_the_bound_and_begin_anew_after_success()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(8), new Random(3));
        double[] bounds = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000];

        Assert.All(bounds, bound => Assert.InRange(backoff.Next().TotalMilliseconds, bound / 2, bound));
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalMilliseconds, 125, 250);
    }

    private (FakeCoordinators Coordinators, IActorRef Link) Start(LinkOptions options, params ImmutableArray<Uri> addresses)
    {
        var coordinators = new FakeCoordinators(options);
        return (coordinators, Start(coordinators, options, addresses));
    }

    private IActorRef Start(FakeCoordinators coordinators, LinkOptions options, params ImmutableArray<Uri> addresses)
    {
        var agent = TestActor;
        ILinkDialer dialer = coordinators;
        var random = new Random(1);
        var log = NullLogger.Instance;
        return Sys.ActorOf(Props.Create(() => new LinkActor(addresses, dialer, agent, options, "1.0", random, log)));
    }
}
