namespace Orchestrator.Actors;

public static class Futures
{
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<T>(_ => message, timeout, cancellationToken);

    /// <summary>Tells, and completes with the first answer. A <see cref="Status.Failure"/> becomes its exception, unless asked for as such.</summary>
    /// <param name="self">Whom to ask.</param>
    /// <param name="messageFactory">Makes the question from the reference that awaits the answer.</param>
    /// <param name="timeout">Null waits for ever.</param>
    /// <param name="cancellationToken">Ends the waiting; the question is not taken back.</param>
    /// <exception cref="AskTimeoutException">No answer in time.</exception>
    public static Task<T> Ask<T>(this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }
        var system = ActorSelection.SystemOf(self) ?? ActorCell.Current?.System
            ?? throw new ArgumentException($"{self} belongs to no actor system, so nobody could answer. Ask an actor of a running system.", nameof(self));
        var asker = new AskActorRef<T>(system, self, timeout);
        asker.Limit(timeout, cancellationToken);
        self.Tell(messageFactory(asker), asker);
        return asker.Answer;
    }
}
