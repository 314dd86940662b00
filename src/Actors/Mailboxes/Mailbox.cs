using System.Collections.Concurrent;

namespace Orchestrator.Actors;

/// <summary>
/// One actor's queue and the turn it takes on a dispatcher. Any thread posts; one thread at a time runs. System messages are run
/// before every user message. Beyond its capacity, user messages go to dead letters and one <see cref="MailboxOverflow"/> is published.
/// </summary>
internal sealed class Mailbox(ActorCell cell, ActorDispatcher dispatcher, int capacity, int throughput) : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<Envelope> _messages = new();
    private SystemMessage? _systemMessages;
    private LinkedList<Envelope>? _prepended;
    private long _posted;
    private long _taken;
    private int _scheduled;
    private int _suspensions;
    private bool _awaiting;
    private bool _overflowing;
    private bool _closed;

    internal ActorDispatcher Dispatcher => dispatcher;

    internal bool IsClosed => Volatile.Read(ref _closed);

    internal string Name => cell.Self.Path.ToString();

    internal void Post(in Envelope envelope)
    {
        if (IsClosed)
        {
            cell.System.DeadLetterRef.Publish(envelope.Message, envelope.Sender, cell.Self);
            return;
        }
        if (Interlocked.Increment(ref _posted) - Volatile.Read(ref _taken) > capacity && !MustDeliver(envelope.Message))
        {
            Interlocked.Decrement(ref _posted);
            Overflow(envelope);
            return;
        }
        _messages.Enqueue(envelope);
        // Closing sets its flag before it drains; looking again after enqueueing leaves no message behind in between.
        if (IsClosed)
        {
            DrainToDeadLetters();
            return;
        }
        if (Volatile.Read(ref _suspensions) == 0 && !Volatile.Read(ref _awaiting))
        {
            Schedule();
        }
    }

    internal void PostSystem(SystemMessage message)
    {
        SystemMessage? head;
        do
        {
            head = Volatile.Read(ref _systemMessages);
            message.Next = head;
        }
        while (Interlocked.CompareExchange(ref _systemMessages, message, head) != head);
        if (IsClosed)
        {
            DrainToDeadLetters();
            return;
        }
        Schedule();
    }

    /// <summary>Puts messages before all others; from the actor's own turn only.</summary>
    internal void Prepend(IReadOnlyList<Envelope> envelopes)
    {
        _prepended ??= [];
        for (var i = envelopes.Count - 1; i >= 0; i--)
        {
            _prepended.AddFirst(envelopes[i]);
        }
    }

    internal void Suspend() => Volatile.Write(ref _suspensions, _suspensions + 1);

    internal void Resume() => Volatile.Write(ref _suspensions, Math.Max(0, _suspensions - 1));

    /// <summary>While a handler awaits, no further user message is taken.</summary>
    internal void SetAwaiting(bool awaiting) => Volatile.Write(ref _awaiting, awaiting);

    /// <summary>From now on everything goes to dead letters, what is queued included.</summary>
    internal void Close()
    {
        Volatile.Write(ref _closed, true);
        Interlocked.MemoryBarrier();
        foreach (var envelope in _prepended ?? [])
        {
            cell.System.DeadLetterRef.Publish(envelope.Message, envelope.Sender, cell.Self);
        }
        _prepended = null;
        DrainToDeadLetters();
    }

    void IThreadPoolWorkItem.Execute() => Run();

    internal void Run()
    {
        var outer = ActorCell.EnterTurn(cell);
        try
        {
            RunSystemMessages();
            RunMessages();
        }
        finally
        {
            ActorCell.LeaveTurn(outer);
            Interlocked.Exchange(ref _scheduled, 0);
            if (HasWork)
            {
                Schedule();
            }
        }
    }

    private bool HasWork =>
        Volatile.Read(ref _systemMessages) is not null
        || (CanRunMessages && (_prepended is { Count: > 0 } || !_messages.IsEmpty));

    private bool CanRunMessages => !_closed && _suspensions == 0 && !_awaiting;

    private void Schedule()
    {
        if (Volatile.Read(ref _scheduled) == 0 && Interlocked.CompareExchange(ref _scheduled, 1, 0) == 0)
        {
            dispatcher.Schedule(this);
        }
    }

    private void RunMessages()
    {
        for (var left = throughput; left > 0 && CanRunMessages && TryTake(out var envelope); left--)
        {
            cell.Invoke(envelope);
            if (Volatile.Read(ref _systemMessages) is not null)
            {
                RunSystemMessages();
            }
        }
    }

    private bool TryTake(out Envelope envelope)
    {
        if (_prepended?.First is { } first)
        {
            envelope = first.Value;
            _prepended.RemoveFirst();
            return true;
        }
        if (!_messages.TryDequeue(out envelope))
        {
            return false;
        }
        Volatile.Write(ref _taken, _taken + 1);
        if (_overflowing && Volatile.Read(ref _posted) - _taken <= capacity / 2)
        {
            Volatile.Write(ref _overflowing, false);
        }
        return true;
    }

    private void RunSystemMessages()
    {
        while (TakeSystemMessages() is { } message)
        {
            for (SystemMessage? next; message is not null; message = next!)
            {
                next = message.Next;
                message.Next = null;
                if (_closed)
                {
                    cell.DiscardSystemMessage(message);
                }
                else
                {
                    cell.InvokeSystem(message);
                }
            }
        }
    }

    // They are linked newest first; turned round so that they run in the order of posting.
    private SystemMessage? TakeSystemMessages()
    {
        var newest = Interlocked.Exchange(ref _systemMessages, null);
        SystemMessage? oldest = null;
        while (newest is not null)
        {
            var next = newest.Next;
            newest.Next = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }

    private void Overflow(in Envelope envelope)
    {
        if (!Volatile.Read(ref _overflowing) && !Interlocked.Exchange(ref _overflowing, true))
        {
            cell.System.EventStream.Publish(new MailboxOverflow(cell.Self, capacity));
        }
        cell.System.DeadLetterRef.Publish(envelope.Message, envelope.Sender, cell.Self);
    }

    // Losing one of these would leave an actor that cannot be stopped, or a watcher that waits for ever.
    private static bool MustDeliver(object message) => message is IAutoReceivedMessage or TimerMessage { Repeats: false };

    private void DrainToDeadLetters()
    {
        while (_messages.TryDequeue(out var envelope))
        {
            cell.System.DeadLetterRef.Publish(envelope.Message, envelope.Sender, cell.Self);
        }
        for (var message = TakeSystemMessages(); message is not null;)
        {
            var next = message.Next;
            cell.DiscardSystemMessage(message);
            message = next;
        }
    }
}
