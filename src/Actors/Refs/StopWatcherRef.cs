namespace Orchestrator.Actors;

/// <summary>Watches one actor and completes when it has stopped.</summary>
internal sealed class StopWatcherRef(ActorSystem system, IInternalActorRef subject) : PromiseActorRef(system)
{
    private readonly TaskCompletionSource<bool> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task<bool> Stopped => _stopped.Task;

    protected override bool IsDone => _stopped.Task.IsCompleted;

    internal override void TimeOut()
    {
        subject.SendSystemMessage(new UnwatchMessage(this));
        _stopped.TrySetCanceled();
    }

    internal override void Cancel(CancellationToken token) => _stopped.TrySetCanceled(token);

    public override void Tell(object message, IActorRef? sender) => System.DeadLetterRef.Publish(message, sender, this);

    public override void SendSystemMessage(SystemMessage message)
    {
        if (message is DeathWatchNotification)
        {
            _stopped.TrySetResult(true);
            Release();
        }
    }
}
