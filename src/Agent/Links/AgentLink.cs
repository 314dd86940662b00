using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Agent.Links;

/// <summary>How a composition root makes the agent's end of the link.</summary>
public static class AgentLink
{
    /// <summary>The files <c>agent.crt</c> and <c>agent.key</c>.</summary>
    public const string CredentialName = "agent";

    /// <param name="folder">Read anew at each dial.</param>
    /// <param name="agent">Told <see cref="UplinkMessage"/>s and <see cref="AgentCommand"/>s.</param>
    /// <param name="version">Of the program, for the coordinator's log.</param>
    /// <param name="random">Spreads reconnects.</param>
    /// <param name="underlay">Told of each coordinator that was reached.</param>
    public static Props PropsFor(ImmutableArray<Uri> coordinators, CredentialFolder folder, IActorRef agent, LinkOptions options, string version, TimeProvider time, Random random, ILoggerFactory loggers, UnderlayAddress? underlay = null)
    {
        var log = loggers.CreateLogger<LinkActor>();
        ILinkDialer dialer = new WebSocketDialer(folder, options, time, underlay);
        return Props.Create(() => new LinkActor(coordinators, dialer, agent, options, version, random, log));
    }
}
