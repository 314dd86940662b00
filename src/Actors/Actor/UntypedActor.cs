namespace Orchestrator.Actors;

public abstract class UntypedActor : ActorBase
{
    protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

    protected override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    /// <summary>Runs the asynchronous action before the next message is taken.</summary>
    protected void RunTask(Action action) =>
        RunTask(() =>
        {
            action();
            return Task.CompletedTask;
        });

    /// <summary>Runs the asynchronous action before the next message is taken; what it throws fails the actor.</summary>
    protected void RunTask(Func<Task> action) => ((ActorCell)Context).RunTask(action);

    protected abstract void OnReceive(object message);

    protected void Become(UntypedReceive receive) => Context.Become(receive);

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);
}
