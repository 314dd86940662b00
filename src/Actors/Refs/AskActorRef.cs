namespace Orchestrator.Actors;

internal sealed class AskActorRef<T>(ActorSystem system, ICanTell target, TimeSpan? timeout) : PromiseActorRef(system)
{
    // Asynchronous continuations: the answering actor must not run the asker's code.
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<T> Answer => _answer.Task;

    protected override bool IsDone => _answer.Task.IsCompleted;

    internal override void TimeOut() => _answer.TrySetException(new AskTimeoutException(
        $"{target} did not answer with a {typeof(T).Name} within {timeout}. It may be busy, stopped, or not answer this message."));

    internal override void Cancel(CancellationToken token)
    {
        _answer.TrySetCanceled(token);
        Release();
    }

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
        Release();
        if (!taken && !_answer.Task.IsCanceled)
        {
            System.DeadLetterRef.Publish(message, sender, this);
        }
    }

    public override void SendSystemMessage(SystemMessage message)
    {
    }
}
