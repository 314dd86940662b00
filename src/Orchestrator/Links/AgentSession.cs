using Orchestrator.Protocol;

namespace Orchestrator.Links;

/// <summary>All an <see cref="AgentSessionActor"/> is made from.</summary>
/// <param name="Host">The name in the agent's certificate.</param>
/// <param name="NotAfter">The end of that certificate; the session does not outlive it.</param>
/// <param name="Ended">Completed when the socket has been let go.</param>
internal sealed record AgentSession(LinkConnection Connection, string Host, DateTimeOffset NotAfter, TaskCompletionSource Ended);
