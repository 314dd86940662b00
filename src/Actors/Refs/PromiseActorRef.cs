namespace Orchestrator.Actors;

/// <summary>Stands as the sender of one question and takes its one answer.</summary>
internal abstract class PromiseActorRef(ActorSystem system) : ActorRefBase
{
    private ActorPath? _path;

    public override ActorPath Path => _path ??= System.NextTempPath();

    public override ActorSystem Owner => System;

    internal ActorSystem System { get; } = system;
}

internal sealed class AskActorRef<T>(ActorSystem system) : PromiseActorRef(system)
{
    // Asynchronous continuations: the answering actor must not run the asker's code.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<T> Answer => _answer.Task;

    internal void TimeOut(string message) => _answer.TrySetException(new AskTimeoutException(message));

    internal void Cancel(CancellationToken token) => _answer.TrySetCanceled(token);

    public override void Tell(object message, IActorRef? sender)
    {
        var taken = message switch
        {
            T answer => _answer.TrySetResult(answer),
            Status.Failure failure => _answer.TrySetException(
                failure.Cause ?? new TaskCanceledException("The asked actor answered with a failure that has no cause.")),
            _ => _answer.TrySetException(new ArgumentException(
                $"Asked for a {typeof(T).Name}, {sender?.Path.ToString() ?? "an unknown sender"} answered with a {message.GetType().Name}. Ask for the type it answers with.")),
        };
        if (!taken && !_answer.Task.IsCanceled)
        {
            System.DeadLetterRef.Publish(message, sender, this);
        }
    }

    public override void SendSystemMessage(SystemMessage message)
    {
    }
}

/// <summary>Watches one actor and completes when it has stopped.</summary>
internal sealed class StopWatcherRef(ActorSystem system) : PromiseActorRef(system)
{
    private readonly TaskCompletionSource<bool> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<bool> Stopped => _stopped.Task;

    internal void TimeOut() => _stopped.TrySetCanceled();

    public override void Tell(object message, IActorRef? sender) => System.DeadLetterRef.Publish(message, sender, this);

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is DeathWatchNotification)
        {
            _stopped.TrySetResult(true);
        }
    }
}
