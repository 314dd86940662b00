namespace Orchestrator.Actors;

public static class GracefulStopSupport
{
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>Tells the actor to stop and completes with true once it has.</summary>
    /// <exception cref="TaskCanceledException">It has not stopped in time.</exception>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var system = ActorSelection.SystemOf(target)
            ?? throw new ArgumentException($"{target} belongs to no actor system and cannot be stopped.", nameof(target));
        var subject = (IInternalActorRef)target;
        var watcher = new StopWatcherRef(system, subject);
        watcher.Limit(timeout, CancellationToken.None);
        subject.SendSystemMessage(new WatchMessage(subject, watcher));
        target.Tell(stopMessage, ActorRefs.NoSender);
        return watcher.Stopped;
    }
}
