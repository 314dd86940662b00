namespace Orchestrator.Actors;

/// <summary>
/// Declares its handlers, in the constructor or in a <c>Become</c>; the first that takes a message handles it. While an asynchronous
/// handler awaits, the actor takes no further message.
/// </summary>
public abstract class ReceiveActor : UntypedActor
{
    private readonly HandlerList _own = new();
    private HandlerList? _configuring;

    protected ReceiveActor() => _configuring = _own;

    protected sealed override void OnReceive(object message)
    {
        if (!_own.Handle(message))
        {
            Unhandled(message);
        }
    }

    protected void Become(Action configure)
    {
        var handlers = Configure(configure);
        base.Become(handlers.Handle);
    }

    protected void BecomeStacked(Action configure)
    {
        var handlers = Configure(configure);
        base.BecomeStacked(handlers.Handle);
    }

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) =>
        Receive<T>(message => RunTask(() => handler(message)), shouldHandle);

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => ReceiveAsync(handler, shouldHandle);

    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object>? shouldHandle = null) =>
        Receive(messageType, message => RunTask(() => handler(message)), shouldHandle);

    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        ReceiveAsync(messageType, handler, shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler) => ReceiveAny(message => RunTask(() => handler(message)));

    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(typeof(T), message =>
        {
            if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed)))
            {
                return false;
            }
            handler(typed);
            return true;
        }, takesAll: typeof(T) == typeof(object) && shouldHandle is null);
    }

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Receive(handler, shouldHandle);

    protected void Receive(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(messageType, message =>
        {
            if (!messageType.IsInstanceOfType(message) || (shouldHandle is not null && !shouldHandle(message)))
            {
                return false;
            }
            handler(message);
            return true;
        }, takesAll: messageType == typeof(object) && shouldHandle is null);
    }

    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        Receive(messageType, handler, shouldHandle);

    /// <summary>The handler itself says whether it handled the message.</summary>
    protected void Receive<T>(Func<T, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(typeof(T), message => message is T typed && handler(typed), takesAll: false);
    }

    protected void Receive(Type messageType, Func<object, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(messageType, message => messageType.IsInstanceOfType(message) && handler(message), takesAll: false);
    }

    /// <summary>Takes every message that no handler before it took; no handler may follow.</summary>
    protected void ReceiveAny(Action<object> handler) => Receive(handler);

    /// <summary>The constructor has run: from now on handlers are declared in a Become only.</summary>
    internal void EndConfiguration() => _configuring = null;

    private HandlerList Configure(Action configure)
    {
        var outer = _configuring;
        var handlers = new HandlerList();
        _configuring = handlers;
        try
        {
            configure();
        }
        finally
        {
            _configuring = outer;
        }
        return handlers;
    }

    private void Add(Type type, Receive handler, bool takesAll)
    {
        if (_configuring is null)
        {
            throw new InvalidOperationException(
                $"{GetType().Name} declares a handler for {type.Name} outside its constructor and outside Become. Declare it there.");
        }
        _configuring.Add(type, handler, takesAll);
    }

    private sealed class HandlerList
    {
        private readonly List<Receive> _handlers = [];
        private bool _closed;

        internal void Add(Type type, Receive handler, bool takesAll)
        {
            if (_closed)
            {
                throw new InvalidOperationException(
                    $"A handler for {type.Name} follows one that takes every message and would never run. Declare it before.");
            }
            _handlers.Add(handler);
            _closed = takesAll;
        }

        internal bool Handle(object message)
        {
            foreach (var handler in _handlers)
            {
                if (handler(message))
                {
                    return true;
                }
            }
            return false;
        }
    }
}
