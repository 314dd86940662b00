using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Links;

/// <summary>The agent's end of its link, and the Uplink for its <see cref="AgentEvent"/>s: dials the coordinators in turn, for ever, and tells the agent when a link is up or down.</summary>
/// <remarks>Down (waiting to dial) → dialling → greeting → up → down. Events that come while it is not up are dropped: the inventory that the agent sends on the next <see cref="UplinkMessage.LinkUp"/> makes up for them.</remarks>
#pragma warning disable CA1001 // An actor's end is PostStop, where the token source is disposed.
internal sealed partial class LinkActor : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    private readonly ImmutableArray<Uri> _coordinators;
    private readonly ILinkDialer _dialer;
    private readonly IActorRef _agent;
    private readonly LinkOptions _options;
    private readonly string _version;
    private readonly Backoff _backoff;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private LinkConnection? _connection;
    private int _turn;
    private int _misses;
    private bool _up;

    /// <summary>Since the last beat.</summary>
    private bool _hasSpoken;

    /// <param name="random">For the backoff alone.</param>
    public LinkActor(ImmutableArray<Uri> coordinators, ILinkDialer dialer, IActorRef agent, LinkOptions options, string version, Random random, ILogger log)
    {
        _coordinators = coordinators;
        _dialer = dialer;
        _agent = agent;
        _options = options;
        _version = version;
        _backoff = new Backoff(options.BackoffMin, options.BackoffMax, random);
        _log = log;
        Down();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private Uri Coordinator => _coordinators[_turn % _coordinators.Length];

    protected override void PreStart() => Self.Tell(new LinkMessage.Dial());

    protected override void PostStop()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        if (_up) _agent.Tell(new UplinkMessage.LinkDown("the agent stops"), Self);
        _connection?.CloseAsync("the agent stops");
    }

    private void Down()
    {
        Receive<LinkMessage.Dial>(_ =>
        {
            Become(Dialling);
            _dialer.DialAsync(Coordinator, _stopping.Token).PipeTo(
                Self,
                success: connection => new LinkMessage.Dialled(connection),
                failure: e => new LinkMessage.DialFailed(ReasonOf(e)));
        });
        Otherwise();
    }

    private void Dialling()
    {
        Receive<LinkMessage.Dialled>(m =>
        {
            _connection = m.Connection;
            _misses = 0;
            Timers.StartPeriodicTimer(nameof(LinkMessage.Beat), new LinkMessage.Beat(), _options.HeartbeatInterval);
            Timers.StartSingleTimer(nameof(LinkMessage.Overdue), new LinkMessage.Overdue(), _options.HandshakeTimeout);
            Become(Greeting);
            Post(LinkFrame.Hello.Of(_version));
            ReadNext();
        });
        Receive<LinkMessage.DialFailed>(m => Retry(m.Reason));
        Otherwise();
    }

    private void Greeting()
    {
        Receive<LinkMessage.FrameReceived>(OnGreeting, IsCurrent);
        Receive<LinkMessage.Overdue>(_ => Close($"{Coordinator}: no hello within {_options.HandshakeTimeout.TotalSeconds:0} s"));
        WhileConnected();
    }

    private void Up()
    {
        Receive<LinkMessage.FrameReceived>(OnFrame, IsCurrent);
        Receive<AgentEvent>(e => Post(new LinkFrame.Event(e)));
        WhileConnected();
    }

    private void WhileConnected()
    {
        Receive<LinkMessage.ReceiveFailed>(m => Close($"{Coordinator}: {m.Reason}"), m => ReferenceEquals(m.Connection, _connection));
        Receive<LinkMessage.Beat>(_ => OnBeat());
        Otherwise();
    }

    /// <summary>Late words of a link that was given up, and events nobody can take now.</summary>
    private void Otherwise()
    {
        Receive<LinkMessage>(_ => { });
        Receive<AgentEvent>(_ => { });
    }

    private void OnGreeting(LinkMessage.FrameReceived message)
    {
        switch (message.Frame)
        {
            case LinkFrame.Hello hello when hello.Mismatch($"the agent {_version}") is { } mismatch:
                Post(new LinkFrame.Refused(mismatch));
                Close($"{Coordinator}: {mismatch}");
                return;
            case LinkFrame.Hello hello:
                Timers.Cancel(nameof(LinkMessage.Overdue));
                _misses = 0;
                _up = true;
                LogUp(Coordinator, hello.Version);
                Become(Up);
                _agent.Tell(new UplinkMessage.LinkUp(Self), Self);
                break;
            case LinkFrame.Refused refused:
                Close($"{Coordinator} refuses: {refused.Reason}");
                return;
            default:
                Close($"{Coordinator} sent {message.Frame.GetType().Name} before its hello");
                return;
        }

        ReadNext();
    }

    private void OnFrame(LinkMessage.FrameReceived message)
    {
        _misses = 0;
        switch (message.Frame)
        {
            case LinkFrame.Command command:
                // The coordinator took the session: from here on a break is a new beginning.
                _backoff.Reset();
                _agent.Tell(command.Body, Self);
                break;
            case LinkFrame.Heartbeat:
                _backoff.Reset();
                Post(new LinkFrame.Heartbeat());
                break;
            case LinkFrame.Refused refused:
                Close($"{Coordinator} refuses: {refused.Reason}");
                return;
            default:
                Close($"{Coordinator} sent {message.Frame.GetType().Name}, which is not its to send");
                return;
        }

        ReadNext();
    }

    private void OnBeat()
    {
        if (++_misses > _options.MissesMax)
        {
            Close($"{Coordinator}: silent for {_options.HeartbeatInterval.TotalSeconds * _options.MissesMax:0.#} s");
            return;
        }

        // As a rule the coordinator's heartbeat has been answered.
        if (!_hasSpoken) Post(new LinkFrame.Heartbeat());
        _hasSpoken = false;
    }

    private void Post(LinkFrame frame)
    {
        _hasSpoken = true;
        if (_connection?.Post(frame) is { } refusal) Close($"{Coordinator}: {refusal}");
    }

    private void ReadNext()
    {
        // Closing may have happened since the frame that is answered came.
        if (_connection is not { } connection) return;
        connection.ReceiveAsync().PipeTo(
            Self,
            success: frame => new LinkMessage.FrameReceived(connection, frame),
            failure: e => new LinkMessage.ReceiveFailed(connection, ReasonOf(e)));
    }

    private void Close(string reason)
    {
        if (_connection is not { } connection) return;
        _connection = null;
        connection.CloseAsync(reason);
        Timers.Cancel(nameof(LinkMessage.Beat));
        Timers.Cancel(nameof(LinkMessage.Overdue));
        if (_up) _agent.Tell(new UplinkMessage.LinkDown(reason), Self);
        _up = false;
        Retry(reason);
    }

    private void Retry(string reason)
    {
        _turn++;
        var wait = _backoff.Next();
        LogDown(reason, Coordinator, (int)wait.TotalMilliseconds);
        Timers.StartSingleTimer(nameof(LinkMessage.Dial), new LinkMessage.Dial(), wait);
        Become(Down);
    }

    private bool IsCurrent(LinkMessage.FrameReceived message) => ReferenceEquals(message.Connection, _connection);

    /// <summary>What went wrong in the link's own words, if it has some.</summary>
    private static string ReasonOf(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is LinkClosedException) return e.Message;
        }

        return exception.Message;
    }
}
