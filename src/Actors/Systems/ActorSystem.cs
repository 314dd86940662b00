namespace Orchestrator.Actors;

public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    private protected ActorSystem()
    {
    }

    public abstract string Name { get; }

    public abstract EventStream EventStream { get; }

    public abstract IActorRef DeadLetters { get; }

    public abstract IScheduler Scheduler { get; }

    public TimeSpan StartTime { get; private protected init; }

    public TimeSpan Uptime => Scheduler.MonotonicClock;

    /// <summary>Completes when every actor has stopped.</summary>
    public abstract Task WhenTerminated { get; }

    internal abstract ActorSystemOptions Options { get; }

    internal abstract TimeProvider Time { get; }

    internal abstract DeadLetterActorRef DeadLetterRef { get; }

    internal abstract LocalActorRef RootRef { get; }

    public static ActorSystem Create(string name) => Create(name, new ActorSystemOptions());

    /// <exception cref="ArgumentException">The name is empty or has more than letters, digits, hyphens and underscores.</exception>
    public static ActorSystem Create(string name, ActorSystemOptions options) => new LocalActorSystem(name, options);

    public abstract IActorRef ActorOf(Props props, string? name = null);

    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    public abstract ActorSelection ActorSelection(string actorPath);

    public abstract void Stop(IActorRef actor);

    /// <summary>Runs after all actors have stopped; the last registered first.</summary>
    public abstract void RegisterOnTermination(Action code);

    /// <summary>Stops all actors, children before their parents.</summary>
    public abstract Task Terminate();

    /// <summary>Begins <see cref="Terminate"/>; does not wait for its end.</summary>
    public virtual void Dispose()
    {
        _ = Terminate();
        GC.SuppressFinalize(this);
    }

    internal abstract long NextUid();

    internal abstract ActorPath NextTempPath();

    internal abstract IActorRef SystemActorOf(Props props, string? name);
}
