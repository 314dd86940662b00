using System.Runtime.ExceptionServices;

namespace Orchestrator.Actors;

/// <summary>Birth, failure, restart and death; each step is a system message.</summary>
internal sealed partial class ActorCell
{
    private bool _failed;
    private bool _terminating;
    private bool _createPending;
    private object? _failedMessage;
    private Exception? _recreateCause;
    private IActorRef? _perpetrator;

    internal void InvokeSystem(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case CreateMessage:
                    Create();
                    break;
                case SuspendMessage:
                    Mailbox.Suspend();
                    SuspendChildren(except: null);
                    break;
                case ResumeMessage resume:
                    Resume(resume.CausedByFailure);
                    break;
                case RecreateMessage recreate:
                    Recreate(recreate.Cause);
                    break;
                case TerminateMessage:
                    Terminate();
                    break;
                case WatchMessage watch:
                    AddWatcher(watch.Watcher);
                    break;
                case UnwatchMessage unwatch:
                    RemoveWatcher(unwatch.Watcher);
                    break;
                case DeathWatchNotification notification:
                    OnWatchedStopped(notification);
                    break;
                case FailedMessage failed:
                    Supervise(failed);
                    break;
                case ContinueMessage rest:
                    Continue(rest);
                    break;
            }
        }
        catch (Exception exception)
        {
            Fail(exception, (message as FailedMessage)?.Child);
        }
    }

    /// <summary>What a stopped actor owes: who watches it must still hear that it is gone.</summary>
    internal void DiscardSystemMessage(SystemMessage message)
    {
        if (message is WatchMessage watch)
        {
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(Self, existenceConfirmed: false));
        }
    }

    private void Create()
    {
        try
        {
            NewActor().AroundPreStart();
            RestartReceiveTimeout();
        }
        catch (Exception exception)
        {
            ReleaseActor();
            throw new ActorInitializationException(Self, $"{Self.Path} ({Props.Type.Name}) failed to start: {exception.Message}", exception);
        }
    }

    /// <summary>Stops taking messages and leaves the decision to the parent. A second failure before it decides adds nothing.</summary>
    private void Fail(Exception cause, IActorRef? failedChild = null)
    {
        if (_failed || _terminating)
        {
            PublishError(cause, $"Failed again while {(_terminating ? "stopping" : "suspended")}: {cause.Message}");
            return;
        }
        _failed = true;
        _failedMessage = _current.Message;
        _perpetrator = failedChild;
        Mailbox.Suspend();
        SuspendChildren(failedChild);
        _parent.SendSystemMessage(new FailedMessage(_self, cause));
    }

    private void ClearFailed()
    {
        _failed = false;
        _failedMessage = null;
        _perpetrator = null;
    }

    private void Supervise(FailedMessage failure)
    {
        if (Children.Find(failure.Child) is not { } failed)
        {
            return;
        }
        var strategy = Strategy;
        var directive = strategy.DirectiveFor(failed.Ref, failure.Cause);
        if (strategy.LogsFailures && directive != Directive.Escalate)
        {
            failed.Ref.Cell.PublishError(failure.Cause, $"{directive} after {failure.Cause.GetType().Name}: {failure.Cause.Message}");
        }
        var all = Children.All();
        switch (directive)
        {
            case Directive.Resume:
                failed.Ref.SendSystemMessage(new ResumeMessage(failure.Cause));
                break;
            case Directive.Restart when strategy.PermitsRestart(failed, all, System.Time):
                foreach (var child in strategy.Affected(failed, all).Where(c => !c.Stopping))
                {
                    if (child != failed)
                    {
                        child.Ref.SendSystemMessage(new SuspendMessage());
                    }
                    child.Ref.SendSystemMessage(new RecreateMessage(failure.Cause));
                }
                break;
            case Directive.Restart:
            case Directive.Stop:
                foreach (var child in strategy.Affected(failed, all))
                {
                    Stop(child.Ref);
                }
                break;
            case Directive.Escalate:
                ExceptionDispatchInfo.Throw(failure.Cause);
                break;
            default:
                throw new InvalidOperationException($"{Self.Path} answered the failure of {failed.Ref} with the unknown directive {directive}.");
        }
    }

    private SupervisorStrategy Strategy =>
        _strategy ??= Props.SupervisorStrategy ?? _actor?.SupervisorStrategyInternal() ?? SupervisorStrategy.DefaultStrategy;

    private void Resume(Exception? causedByFailure)
    {
        if (_terminating)
        {
            return;
        }
        if (_actor is null)
        {
            CreateAgain();
            return;
        }
        var perpetrator = _perpetrator;
        Mailbox.Resume();
        if (causedByFailure is not null)
        {
            ClearFailed();
        }
        foreach (var child in Children.Refs())
        {
            child.SendSystemMessage(new ResumeMessage(child.Equals(perpetrator) ? causedByFailure : null));
        }
    }

    private void Recreate(Exception cause)
    {
        if (_terminating)
        {
            return;
        }
        if (_actor is null)
        {
            CreateAgain();
            return;
        }
        try
        {
            _actor.AroundPreRestart(cause, _failedMessage);
        }
        catch (Exception exception)
        {
            PublishError(exception, $"PreRestart failed: {exception.Message}");
        }
        ReleaseActor();
        _recreateCause = cause;
        OnChildStopped();
    }

    /// <summary>For an actor that has no instance because making it failed: its children go first.</summary>
    private void CreateAgain()
    {
        foreach (var child in Children.Refs())
        {
            Stop(child);
        }
        _createPending = true;
        OnChildStopped();
    }

    private void OnChildStopped()
    {
        if (_terminating)
        {
            if (Children.IsEmpty)
            {
                FinishTerminate();
            }
        }
        else if (_recreateCause is { } cause && !Children.AnyStopping)
        {
            _recreateCause = null;
            FinishRecreate(cause);
        }
        else if (_createPending && Children.IsEmpty)
        {
            _createPending = false;
            Mailbox.Resume();
            ClearFailed();
            Create();
        }
    }

    private void FinishRecreate(Exception cause)
    {
        var survivors = Children.All();
        Mailbox.Resume();
        ClearFailed();
        try
        {
            NewActor().AroundPostRestart(cause, null);
        }
        catch (Exception exception)
        {
            ReleaseActor();
            throw new PostRestartException(Self, exception, cause);
        }
        RestartReceiveTimeout();
        foreach (var child in survivors)
        {
            child.Ref.SendSystemMessage(new RecreateMessage(cause));
        }
    }

    private void Terminate()
    {
        if (_terminating)
        {
            return;
        }
        _terminating = true;
        Children.Close();
        SetReceiveTimeout(null);
        Mailbox.Suspend();
        foreach (var child in Children.Refs())
        {
            Stop(child);
        }
        if (Children.IsEmpty)
        {
            FinishTerminate();
        }
    }

    private void FinishTerminate()
    {
        try
        {
            _actor?.AroundPostStop();
        }
        catch (Exception exception)
        {
            PublishError(exception, $"PostStop failed: {exception.Message}");
        }
        ReleaseActor();
        DisposeReceiveTimeout();
        UnwatchAll();
        System.EventStream.Unsubscribe(Self);
        Mailbox.Close();
        TellWatchers();
    }
}
