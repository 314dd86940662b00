namespace Orchestrator.Actors;

/// <summary>What moves an actor through its life; goes before every user message. Each instance is sent once: the mailbox links it.</summary>
internal abstract class SystemMessage
{
    internal SystemMessage? Next;
}

internal sealed class CreateMessage : SystemMessage;

internal sealed class SuspendMessage : SystemMessage;

internal sealed class ResumeMessage(Exception? causedByFailure) : SystemMessage
{
    internal Exception? CausedByFailure { get; } = causedByFailure;
}

internal sealed class RecreateMessage(Exception cause) : SystemMessage
{
    internal Exception Cause { get; } = cause;
}

internal sealed class TerminateMessage : SystemMessage;

internal sealed class WatchMessage(IInternalActorRef subject, IInternalActorRef watcher) : SystemMessage
{
    internal IInternalActorRef Subject { get; } = subject;

    internal IInternalActorRef Watcher { get; } = watcher;
}

internal sealed class UnwatchMessage(IInternalActorRef watcher) : SystemMessage
{
    internal IInternalActorRef Watcher { get; } = watcher;
}

internal sealed class DeathWatchNotification(IActorRef subject, bool existenceConfirmed) : SystemMessage
{
    internal IActorRef Subject { get; } = subject;

    internal bool ExistenceConfirmed { get; } = existenceConfirmed;
}

internal sealed class FailedMessage(LocalActorRef child, Exception cause) : SystemMessage
{
    internal LocalActorRef Child { get; } = child;

    internal Exception Cause { get; } = cause;
}

/// <summary>The rest of an asynchronous handler, brought back to the actor that awaits.</summary>
internal sealed class ContinueMessage(SendOrPostCallback callback, object? state, ActorCell.ActorSynchronizationContext context) : SystemMessage
{
    internal SendOrPostCallback Callback { get; } = callback;

    internal object? State { get; } = state;

    internal ActorCell.ActorSynchronizationContext Context { get; } = context;
}
