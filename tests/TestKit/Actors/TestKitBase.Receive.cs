using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace Orchestrator.Actors.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>The next message; null when none comes in time.</summary>
    public object? ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        TryReceiveOne(out var envelope, max, cancellationToken) ? envelope.Message : null;

    public bool TryReceiveOne([NotNullWhen(true)] out MessageEnvelope? envelope, TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        envelope = Next(RemainingOrDilated(max), static (queue, timeout, token) => queue.Take(timeout, token), cancellationToken);
        _lastWasNoMessage = false;
        if (envelope is not null)
        {
            _last = envelope;
        }
        return envelope is not null;
    }

    public object? PeekOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        TryPeekOne(out var envelope, max, cancellationToken) ? envelope.Message : null;

    public object? PeekOne(CancellationToken cancellationToken) => PeekOne(null, cancellationToken);

    public bool TryPeekOne([NotNullWhen(true)] out MessageEnvelope? envelope, TimeSpan? max, CancellationToken cancellationToken)
    {
        envelope = Next(RemainingOrDilated(max), static (queue, timeout, token) => queue.Peek(timeout, token), cancellationToken);
        return envelope is not null;
    }

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveN(numberOfMessages, RemainingOrDefault, cancellationToken);

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default)
    {
        var deadline = Clock + max;
        var received = new List<object>(numberOfMessages);
        while (received.Count < numberOfMessages)
        {
            if (!TryReceiveOne(out var envelope, Until(deadline), cancellationToken))
            {
                Assert.Fail($"{TestActor.Path} received {received.Count} of {numberOfMessages} messages within {max}: {Shown(received)}");
            }
            received.Add(envelope!.Message);
        }
        return received;
    }

    /// <summary>Takes messages while the filter returns a value; the first that does not fit stays queued.</summary>
    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, Func<object, T?> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default) =>
        ReceiveWhile(filter, max, null, msgs, cancellationToken);

    public IReadOnlyList<T> ReceiveWhile<T>(TimeSpan? max, TimeSpan? idle, Func<object, T?> filter, int msgs = int.MaxValue, CancellationToken cancellationToken = default) =>
        ReceiveWhile(filter, max, idle, msgs, cancellationToken);

    public IReadOnlyList<T> ReceiveWhile<T>(Func<object, T?> filter, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, CancellationToken cancellationToken = default)
    {
        var deadline = Clock + RemainingOrDilated(max);
        var received = new List<T>();
        while (received.Count < msgs)
        {
            var left = Until(deadline);
            if (!TryReceiveOne(out var envelope, idle < left ? idle : left, cancellationToken))
            {
                break;
            }
            if (filter(envelope.Message) is not { } taken)
            {
                _queue.PutBack(envelope);
                break;
            }
            received.Add(taken);
        }
        _lastWasNoMessage = true;
        return received;
    }

    public IReadOnlyList<T> ReceiveWhile<T>(Predicate<T> shouldContinue, TimeSpan? max = null, TimeSpan? idle = null, int msgs = int.MaxValue, bool shouldIgnoreOtherMessageTypes = true, CancellationToken cancellationToken = default)
    {
        var deadline = Clock + RemainingOrDilated(max);
        var received = new List<T>();
        while (received.Count < msgs)
        {
            var left = Until(deadline);
            if (!TryReceiveOne(out var envelope, idle < left ? idle : left, cancellationToken))
            {
                break;
            }
            if (envelope.Message is T typed && shouldContinue(typed))
            {
                received.Add(typed);
            }
            else if (envelope.Message is T || !shouldIgnoreOtherMessageTypes)
            {
                _queue.PutBack(envelope);
                break;
            }
        }
        _lastWasNoMessage = true;
        return received;
    }

    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    /// <summary>Takes messages until one fits, and drops the others.</summary>
    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var limit = RemainingOrDilated(max);
        var deadline = Clock + limit;
        var passed = new List<object>();
        while (TryReceiveOne(out var envelope, Until(deadline), cancellationToken))
        {
            if (envelope.Message is T typed && isMessage(typed))
            {
                return typed;
            }
            passed.Add(envelope.Message);
        }
        Assert.Fail($"{TestActor.Path} fished {limit} for a {typeof(T).Name}{Hint(hint)} and only saw: {Shown(passed)}");
        return default;
    }

    private static string Hint(string? hint) => string.IsNullOrEmpty(hint) ? "" : $" [{hint}]";

    private static string Shown(List<object> messages) =>
        messages.Count == 0 ? "nothing" : string.Join(", ", messages.Select(m => $"<{m}>"));

    private TimeSpan Until(TimeSpan deadline) => deadline > Clock ? deadline - Clock : TimeSpan.Zero;

    private MessageEnvelope? Next(TimeSpan timeout, Func<TestQueue, TimeSpan, CancellationToken, MessageEnvelope?> take, CancellationToken cancellation)
    {
        if (_deterministic is not { } dispatcher)
        {
            return take(_queue, timeout, cancellation);
        }
        var until = dispatcher.Time.GetUtcNow() + timeout;
        dispatcher.RunUntilIdle();
        while (_queue.Count == 0 && dispatcher.AdvanceToNextTimer(until))
        {
        }
        if (_queue.Count == 0)
        {
            dispatcher.Advance(until - dispatcher.Time.GetUtcNow());
        }
        return take(_queue, TimeSpan.Zero, cancellation);
    }
}
