using System.Diagnostics;

namespace Orchestrator.Actors.TestKit;

/// <summary>What the test actor received and no expectation has taken. Waiting blocks until something arrives.</summary>
internal sealed class TestQueue
{
    private readonly LinkedList<MessageEnvelope> _messages = [];

    internal int Count
    {
        get
        {
            lock (_messages)
            {
                return _messages.Count;
            }
        }
    }

    internal void Add(MessageEnvelope envelope)
    {
        lock (_messages)
        {
            _messages.AddLast(envelope);
            Monitor.PulseAll(_messages);
        }
    }

    internal void PutBack(MessageEnvelope envelope)
    {
        lock (_messages)
        {
            _messages.AddFirst(envelope);
            Monitor.PulseAll(_messages);
        }
    }

    internal MessageEnvelope? Take(TimeSpan timeout, CancellationToken cancellation)
    {
        lock (_messages)
        {
            return AwaitFirst(timeout, cancellation) is { } first ? TakeFirst(first) : null;
        }
    }

    internal MessageEnvelope? Peek(TimeSpan timeout, CancellationToken cancellation)
    {
        lock (_messages)
        {
            return AwaitFirst(timeout, cancellation)?.Value;
        }
    }

    /// <summary>Returns when something arrives or the time is over.</summary>
    internal void AwaitArrival(TimeSpan timeout)
    {
        lock (_messages)
        {
            Monitor.Wait(_messages, timeout);
        }
    }

    private MessageEnvelope TakeFirst(LinkedListNode<MessageEnvelope> first)
    {
        _messages.RemoveFirst();
        return first.Value;
    }

    private LinkedListNode<MessageEnvelope>? AwaitFirst(TimeSpan timeout, CancellationToken cancellation)
    {
        using var wake = cancellation.UnsafeRegister(static state => Wake((LinkedList<MessageEnvelope>)state!), _messages);
        var started = Stopwatch.GetTimestamp();
        while (_messages.First is null)
        {
            cancellation.ThrowIfCancellationRequested();
            var left = timeout - Stopwatch.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }
            Monitor.Wait(_messages, left);
        }
        return _messages.First;
    }

    private static void Wake(LinkedList<MessageEnvelope> messages)
    {
        lock (messages)
        {
            Monitor.PulseAll(messages);
        }
    }
}
