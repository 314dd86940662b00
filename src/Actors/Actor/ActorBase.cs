namespace Orchestrator.Actors;

public abstract class ActorBase
{
    protected ActorBase()
    {
        if (ActorCell.Current is null)
        {
            throw new ActorInitializationException(
                $"{GetType().Name} cannot be made with new. Create it with ActorOf(Props.Create(() => new {GetType().Name}(...))).");
        }
        // At once, so that a Become in the constructor stands above it.
        ActorCell.Current.Become(Receive);
    }

    protected IActorRef Sender => Context.Sender;

    protected IActorRef Self => Context.Self;

    protected static IActorContext Context =>
        ActorCell.Current
        ?? throw new NotSupportedException(
            "There is no active actor here. Context, Self and Sender exist only in the actor's turn: keep what you need in a local variable before awaiting with ConfigureAwait(false) or passing work to another thread.");

    protected static Receive EmptyReceive { get; } = static _ => false;

    protected virtual bool AroundReceive(Receive receive, object message)
    {
        var handled = receive(message);
        if (!handled)
        {
            Unhandled(message);
        }
        return handled;
    }

    protected abstract bool Receive(object message);

    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException(terminated.ActorRef);
        }
        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    protected void Become(Receive receive) => Context.Become(receive);

    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPreRestart(Exception cause, object? message) => PreRestart(cause, message);

    public virtual void AroundPostRestart(Exception cause, object? message) => PostRestart(cause);

    public virtual void AroundPostStop() => PostStop();

    protected virtual void PreStart()
    {
    }

    /// <summary>Runs in the failed incarnation: stops all children, then <see cref="PostStop"/>.</summary>
    /// <param name="reason">What the incarnation threw.</param>
    /// <param name="message">What it was processing; null when it was none, or a sibling failed.</param>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }
        PostStop();
    }

    /// <summary>Runs in the fresh incarnation: <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    protected virtual void PostStop()
    {
    }

    protected virtual SupervisorStrategy SupervisorStrategy() => Orchestrator.Actors.SupervisorStrategy.DefaultStrategy;

    internal void AroundReceiveInternal(Receive receive, object message) => AroundReceive(receive, message);

    internal SupervisorStrategy SupervisorStrategyInternal() => SupervisorStrategy();
}
