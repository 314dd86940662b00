namespace Orchestrator.Actors;

public static class GracefulStopSupport
{
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>Tells the actor to stop and completes with true once it has.</summary>
    /// <exception cref="TaskCanceledException">It has not stopped in time.</exception>
    public static async Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var system = ActorSelection.SystemOf(target)
            ?? throw new ArgumentException($"{target} belongs to no actor system and cannot be stopped.", nameof(target));
        var watcher = new StopWatcherRef(system);
        var subject = (IInternalActorRef)target;
        subject.SendSystemMessage(new WatchMessage(subject, watcher));
        target.Tell(stopMessage, ActorRefs.NoSender);
        using var timer = system.Time.CreateTimer(static state => ((StopWatcherRef)state!).TimeOut(), watcher, timeout, Timeout.InfiniteTimeSpan);
        try
        {
            return await watcher.Stopped;
        }
        finally
        {
            subject.SendSystemMessage(new UnwatchMessage(watcher));
        }
    }
}
