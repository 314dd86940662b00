namespace Orchestrator.Actors;

/// <summary>Sends a task's outcome to an actor as a message, so that no actor waits for it. A failure becomes <see cref="Status.Failure"/>.</summary>
public static class PipeToSupport
{
    public static Task PipeTo<T>(this Task<T> taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe, recipient, false, sender, success, failure);

    public static Task PipeTo<T>(this ValueTask<T> taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe.AsTask(), recipient, false, sender, success, failure);

    public static Task PipeTo<T>(this Task<T> taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe, recipient, useConfigureAwait, sender, success, failure);

    public static Task PipeTo<T>(this ValueTask<T> taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef? sender = null, Func<T, object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe.AsTask(), recipient, useConfigureAwait, sender, success, failure);

    public static Task PipeTo(this Task taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe, recipient, false, sender, success, failure);

    public static Task PipeTo(this ValueTask taskToPipe, ICanTell recipient, IActorRef? sender = null, Func<object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe.AsTask(), recipient, false, sender, success, failure);

    public static Task PipeTo(this Task taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef? sender = null, Func<object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe, recipient, useConfigureAwait, sender, success, failure);

    public static Task PipeTo(this ValueTask taskToPipe, ICanTell recipient, bool useConfigureAwait, IActorRef? sender = null, Func<object>? success = null, Func<Exception, object>? failure = null) =>
        Pipe(taskToPipe.AsTask(), recipient, useConfigureAwait, sender, success, failure);

    private static async Task Pipe<T>(Task<T> task, ICanTell recipient, bool captureContext, IActorRef? sender, Func<T, object>? success, Func<Exception, object>? failure)
    {
        captureContext |= EnterDeterministicContext();
        try
        {
            var result = await task.ConfigureAwait(captureContext);
            recipient.Tell(success is not null ? success(result) : result!, sender);
        }
        catch (Exception exception)
        {
            recipient.Tell(failure is not null ? failure(exception) : new Status.Failure(exception), sender);
        }
    }

    private static async Task Pipe(Task task, ICanTell recipient, bool captureContext, IActorRef? sender, Func<object>? success, Func<Exception, object>? failure)
    {
        captureContext |= EnterDeterministicContext();
        try
        {
            await task.ConfigureAwait(captureContext);
            if (success is not null)
            {
                recipient.Tell(success(), sender);
            }
        }
        catch (Exception exception)
        {
            recipient.Tell(failure is not null ? failure(exception) : new Status.Failure(exception), sender);
        }
    }

    // On a deterministic dispatcher the outcome takes its turn in the seeded order instead of coming from a pool thread. The async
    // method that calls this restores the caller's context by itself.
    private static bool EnterDeterministicContext()
    {
        if (ActorCell.Current?.Mailbox.Dispatcher.Continuations is not { } continuations)
        {
            return false;
        }
        SynchronizationContext.SetSynchronizationContext(continuations);
        return true;
    }
}
