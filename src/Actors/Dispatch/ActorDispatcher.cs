namespace Orchestrator.Actors;

/// <summary>Decides on which thread, and in which order, mailboxes take their turns.</summary>
public abstract class ActorDispatcher
{
    private protected ActorDispatcher()
    {
    }

    /// <summary>How many messages a mailbox runs in one turn when the options do not say.</summary>
    internal abstract int DefaultThroughput { get; }

    /// <summary>Where continuations outside an actor's own context must go; null for the thread pool.</summary>
    internal virtual SynchronizationContext? Continuations => null;

    internal abstract void Schedule(Mailbox mailbox);
}
