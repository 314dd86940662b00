using Microsoft.Extensions.Logging;
using Orchestrator.Fleet;
using Orchestrator.Protocol;

namespace Orchestrator.Links;

/// <summary>The coordinator's end of one agent's link, and the fleet's Downlink to it: takes <see cref="AgentCommand"/>s, passes <see cref="AgentEvent"/>s to the uplink the fleet names. Lives as long as its socket.</summary>
/// <remarks>Hello → opening (the fleet is asked) → open. It reads one frame at a time, and none while opening, so that a flood of events waits in the agent's socket rather than here.</remarks>
internal sealed partial class AgentSessionActor : ReceiveActor, IWithTimers
{
    private readonly AgentSession _session;
    private readonly IActorRef _fleet;
    private readonly LinkOptions _options;
    private readonly string _version;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private IActorRef? _uplink;
    private bool _fleetKnows;
    private int _misses;
    private string _reason = "the session was stopped";

    public AgentSessionActor(AgentSession session, IActorRef fleet, LinkOptions options, string version, TimeProvider time, ILogger log)
    {
        _session = session;
        _fleet = fleet;
        _options = options;
        _version = version;
        _time = time;
        _log = log;
        AwaitingHello();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(SessionMessage.Overdue), new SessionMessage.Overdue(), _options.HandshakeTimeout);
        Post(LinkFrame.Hello.Of(_version));
        ReadNext();
    }

    protected override void PostStop()
    {
        if (_fleetKnows) _fleet.Tell(new FleetMessage.AgentDisconnected(_session.Host, Self, _reason), Self);
        LogDown(_session.Host, _reason);
        var ended = _session.Ended;
        _session.Connection.CloseAsync(_reason).ContinueWith(_ => ended.TrySetResult(), TaskScheduler.Default);
    }

    private void AwaitingHello()
    {
        Receive<SessionMessage.FrameReceived>(m => m.Frame is LinkFrame.Hello, m => Greet((LinkFrame.Hello)m.Frame));
        Receive<SessionMessage.FrameReceived>(m => m.Frame is LinkFrame.Refused, m => End($"the agent refuses: {((LinkFrame.Refused)m.Frame).Reason}"));
        Receive<SessionMessage.FrameReceived>(m => End($"the agent sent {m.Frame.GetType().Name} before its hello"));
        Receive<SessionMessage.Overdue>(_ => End($"the agent said no hello within {_options.HandshakeTimeout.TotalSeconds:0} s"));
        Always();
    }

    private void Opening()
    {
        Receive<FleetMessage.SessionOpened>(opened =>
        {
            Timers.Cancel(nameof(SessionMessage.Overdue));
            _uplink = opened.Uplink;
            Context.Watch(_uplink);
            Become(Open);
            ReadNext();
        });
        Receive<SessionMessage.Overdue>(_ => End($"the coordinator's fleet did not take the session within {_options.HandshakeTimeout.TotalSeconds:0} s"));
        Always();
    }

    private void Open()
    {
        Receive<SessionMessage.FrameReceived>(m => Take(m.Frame));
        Receive<Terminated>(_ => End("the coordinator's end of the host was stopped"));
        Always();
    }

    private void Always()
    {
        Receive<AgentCommand>(command => Post(new LinkFrame.Command(command)));
        Receive<FleetMessage.SessionReplaced>(_ => End("a newer session of the same host took its place"));
        Receive<SessionMessage.ReceiveFailed>(m => End(m.Reason));
        Receive<SessionMessage.Beat>(_ => OnBeat());
    }

    private void Greet(LinkFrame.Hello hello)
    {
        if (hello.Mismatch($"the coordinator {_version}") is { } mismatch)
        {
            Post(new LinkFrame.Refused(mismatch));
            End(mismatch);
            return;
        }

        LogUp(_session.Host, hello.Version);
        _misses = 0;
        _fleetKnows = true;
        _fleet.Tell(new FleetMessage.AgentConnected(_session.Host, Self), Self);
        Timers.StartSingleTimer(nameof(SessionMessage.Overdue), new SessionMessage.Overdue(), _options.HandshakeTimeout);
        Become(Opening);
    }

    private void Take(LinkFrame frame)
    {
        _misses = 0;
        switch (frame)
        {
            case LinkFrame.Event e:
                _uplink!.Tell(e.Body, Self);
                break;
            case LinkFrame.Heartbeat:
                break;
            case LinkFrame.Refused refused:
                End($"the agent refuses: {refused.Reason}");
                return;
            default:
                End($"the agent sent {frame.GetType().Name}, which is not its to send");
                return;
        }

        ReadNext();
    }

    private void OnBeat()
    {
        if (_time.GetUtcNow() > _session.NotAfter)
        {
            End($"the agent's certificate expired at {_session.NotAfter:u}");
            return;
        }

        // While the fleet is asked nothing is read: that silence is ours.
        if (_uplink is not null && ++_misses > _options.MissesMax)
        {
            End($"silent for {_options.HeartbeatInterval.TotalSeconds * _options.MissesMax:0.#} s");
            return;
        }

        Post(new LinkFrame.Heartbeat());
    }

    private void Post(LinkFrame frame)
    {
        if (_session.Connection.Post(frame) is { } refusal) End(refusal);
    }

    private void ReadNext() => _session.Connection.ReceiveAsync().PipeTo(
        Self,
        success: frame => new SessionMessage.FrameReceived(frame),
        failure: e => new SessionMessage.ReceiveFailed(ReasonOf(e)));

    private static string ReasonOf(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is LinkClosedException) return e.Message;
        }

        return exception.Message;
    }

    private void End(string reason)
    {
        _reason = reason;
        Context.Stop(Self);
    }
}
