namespace Orchestrator.Actors;

internal sealed partial class ActorCell
{
    private Dictionary<IActorRef, object?>? _watching;
    private Dictionary<IActorRef, object?>? _terminatedQueued;
    private HashSet<IActorRef>? _watchedBy;

    public IActorRef Watch(IActorRef subject) => Watch(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (_watching?.Remove(subject) == true)
        {
            Internal(subject).SendSystemMessage(new UnwatchMessage(_self));
        }
        _terminatedQueued?.Remove(subject);
        return subject;
    }

    private IActorRef Watch(IActorRef subject, object? message)
    {
        if (subject.Equals(Self))
        {
            return subject;
        }
        if (_watching?.TryGetValue(subject, out var present) == true)
        {
            if (!Equals(present, message))
            {
                throw new InvalidOperationException(
                    $"{Self.Path} watches {subject.Path} already with {present ?? "Terminated"}, not {message ?? "Terminated"}. Unwatch it first.");
            }
            return subject;
        }
        (_watching ??= [])[subject] = message;
        Internal(subject).SendSystemMessage(new WatchMessage(Internal(subject), _self));
        return subject;
    }

    private void AddWatcher(IInternalActorRef watcher) => (_watchedBy ??= []).Add(watcher);

    private void RemoveWatcher(IInternalActorRef watcher) => _watchedBy?.Remove(watcher);

    private void OnWatchedStopped(DeathWatchNotification notification)
    {
        if (_watching?.Remove(notification.Subject, out var message) == true && !_terminating)
        {
            (_terminatedQueued ??= [])[notification.Subject] = message;
            Mailbox.Post(new Envelope(new Terminated(notification.Subject, notification.ExistenceConfirmed, false), notification.Subject));
        }
        if (Children.Remove(notification.Subject))
        {
            OnChildStopped();
        }
    }

    private void ReceiveTerminated(Terminated terminated)
    {
        if (_terminatedQueued?.Remove(terminated.ActorRef, out var message) == true)
        {
            if (message is not null)
            {
                _current = new Envelope(message, _current.Sender);
            }
            Receive(message ?? terminated);
        }
    }

    private void TellWatchers()
    {
        _parent.SendSystemMessage(new DeathWatchNotification(Self, existenceConfirmed: true));
        foreach (var watcher in _watchedBy ?? [])
        {
            if (!watcher.Equals(_parent))
            {
                Internal(watcher).SendSystemMessage(new DeathWatchNotification(Self, existenceConfirmed: true));
            }
        }
        _watchedBy = null;
    }

    private void UnwatchAll()
    {
        foreach (var subject in _watching?.Keys ?? Enumerable.Empty<IActorRef>())
        {
            Internal(subject).SendSystemMessage(new UnwatchMessage(_self));
        }
        _watching = null;
        _terminatedQueued = null;
    }

    private static IInternalActorRef Internal(IActorRef reference) =>
        reference as IInternalActorRef
        ?? throw new NotSupportedException($"{reference.GetType().Name} is no reference of this runtime and cannot be watched. Watch what ActorOf returned.");
}
