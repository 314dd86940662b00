namespace Orchestrator.Actors;

/// <summary>Handlers that await: the rest of the handler comes back as a system message, and until it is done no other message is taken.</summary>
internal sealed partial class ActorCell
{
    private int _awaitedTasks;

    internal void RunTask(Func<Task> action)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(new ActorSynchronizationContext(this, _current));
        try
        {
            _ = RunAndReport(action);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private async Task RunAndReport(Func<Task> action)
    {
        var actor = _actor;
        var awaited = false;
        try
        {
            var task = action();
            if (!task.IsCompleted)
            {
                awaited = true;
                _awaitedTasks++;
                Mailbox.SetAwaiting(true);
                PauseReceiveTimeout();
            }
            await task;
        }
        catch (Exception exception)
        {
            // A handler of an incarnation that has been replaced meanwhile cannot fail its successor.
            if (ReferenceEquals(actor, _actor))
            {
                Fail(exception);
            }
            else
            {
                PublishError(exception, $"A handler of an earlier incarnation failed: {exception.Message}");
            }
        }
        if (awaited)
        {
            Mailbox.SetAwaiting(--_awaitedTasks > 0);
            RestartReceiveTimeout();
        }
    }

    private void Continue(ContinueMessage rest)
    {
        var outer = SynchronizationContext.Current;
        _current = rest.Context.Envelope;
        SynchronizationContext.SetSynchronizationContext(rest.Context);
        try
        {
            rest.Callback(rest.State);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
            _current = default;
        }
    }

    /// <summary>Brings what is awaited in an actor back into the actor's turn, with the message and sender it was awaited under.</summary>
    internal sealed class ActorSynchronizationContext(ActorCell cell, Envelope envelope) : SynchronizationContext
    {
        internal Envelope Envelope { get; } = envelope;

        internal ActorDispatcher Dispatcher => cell.Mailbox.Dispatcher;

        public override void Post(SendOrPostCallback d, object? state) =>
            cell.Mailbox.PostSystem(new ContinueMessage(d, state, this));

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException("An actor's context takes no synchronous calls. Use await.");

        public override SynchronizationContext CreateCopy() => this;
    }
}
