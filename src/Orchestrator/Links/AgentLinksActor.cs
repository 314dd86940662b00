using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;

namespace Orchestrator.Links;

/// <summary>Parent of every agent's session. A session that fails is not restarted, since its socket cannot be: the agent dials again.</summary>
/// <remarks>All sessions beat together, and agents answer at once: an idle processor is woken once an interval rather than twice for each host.</remarks>
internal sealed class AgentLinksActor : ReceiveActor, IWithTimers
{
    private readonly LinkOptions _options;

    public AgentLinksActor(IActorRef fleet, LinkOptions options, string version, TimeProvider time, ILoggerFactory logging)
    {
        _options = options;
        var log = logging.CreateLogger<AgentSessionActor>();
        Receive<AgentSession>(session => Context.ActorOf(Props.Create(() => new AgentSessionActor(session, fleet, options, version, time, log))));
        Receive<SessionMessage.Beat>(beat =>
        {
            foreach (var session in Context.GetChildren()) session.Tell(beat);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(SessionMessage.Beat), new SessionMessage.Beat(), _options.HeartbeatInterval);

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);
}
