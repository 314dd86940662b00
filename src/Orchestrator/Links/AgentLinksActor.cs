using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;

namespace Orchestrator.Links;

/// <summary>Parent of every agent's session. A session that fails is not restarted, since its socket cannot be: the agent dials again.</summary>
internal sealed class AgentLinksActor : ReceiveActor
{
    public AgentLinksActor(IActorRef fleet, LinkOptions options, string version, TimeProvider time, ILoggerFactory logging)
    {
        var log = logging.CreateLogger<AgentSessionActor>();
        Receive<AgentSession>(session => Context.ActorOf(Props.Create(() => new AgentSessionActor(session, fleet, options, version, time, log))));
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);
}
