namespace Orchestrator.Actors;

/// <summary>Making the fresh incarnation of a restarted actor threw.</summary>
public class PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
    : ActorInitializationException(actor, $"The restart of {actor} after {originalCause.GetType().Name} ({originalCause.Message}) failed: {cause.Message}", cause)
{
    public Exception OriginalCause { get; } = originalCause;
}
