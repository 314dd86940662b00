using Xunit;

namespace Orchestrator.Actors.TestKit;

public abstract partial class TestKitBase
{
    public T ExpectMsg<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(static (_, _) => { }, duration, hint, cancellationToken);

    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, _) => Assert.Equal(message, actual), timeout, hint ?? $"{message}", cancellationToken);

    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, _) => AssertFits(isMessage(actual), actual, hint), timeout, hint, cancellationToken);

    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, _) => assert(actual), timeout, hint, cancellationToken);

    public T ExpectMsg<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, sender) => AssertFits(isMessageAndSender(actual, sender), actual, hint), timeout, hint, cancellationToken);

    public T ExpectMsg<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect(assertMessageAndSender, timeout, hint, cancellationToken);

    public T ExpectMsg<T>(T expected, Func<T, T, bool> comparer, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, _) => AssertFits(comparer(expected, actual), actual, hint ?? $"{expected}"), timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((_, actual) => Assert.Equal(sender, actual), duration, hint, cancellationToken);

    public T ExpectMsgFrom<T>(IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, actualSender) =>
        {
            Assert.Equal(sender, actualSender);
            Assert.Equal(message, actual);
        }, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(IActorRef sender, Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectMsgFrom<T>(actual => sender.Equals(actual), isMessage, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(Predicate<IActorRef> isSender, Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, sender) =>
        {
            AssertFits(isSender(sender), sender, hint ?? "sender");
            AssertFits(isMessage(actual), actual, hint);
        }, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(IActorRef sender, Action<T> assertMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectMsgFrom(actual => Assert.Equal(sender, actual), assertMessage, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(Action<IActorRef> assertSender, Action<T> assertMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>((actual, sender) =>
        {
            assertSender(sender);
            assertMessage(actual);
        }, timeout, hint, cancellationToken);

    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>((actual, _) => Assert.Equal(target, actual.ActorRef), timeout, hint ?? $"Terminated {target}", cancellationToken);

    /// <summary>Nothing comes within 100 ms.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) => ExpectNoMsg(ExpectNoMessageDefault, cancellationToken);

    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default)
    {
        if (TryReceiveOne(out var envelope, duration, cancellationToken))
        {
            Assert.Fail($"{TestActor.Path} expected no message for {duration} and received {envelope}");
        }
        _lastWasNoMessage = true;
    }

    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default)
    {
        var wanted = messages.ToArray();
        return Expect<T>((actual, _) => Assert.Contains(actual, wanted), null, null, cancellationToken);
    }

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) => ExpectMsgAllOf(RemainingOrDefault, messages);

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        ExpectMsgAllOf(RemainingOrDefault, messages, cancellationToken);

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages) =>
        ExpectMsgAllOf(max, (IReadOnlyCollection<T>)messages);

    /// <summary>As many messages as given come, and they are these, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default)
    {
        var received = ReceiveN(messages.Count, max, cancellationToken);
        var unexpected = received.ToList();
        var missing = messages.Where(wanted => !unexpected.Remove(wanted!)).ToList();
        if (missing.Count > 0)
        {
            Assert.Fail($"{TestActor.Path} missed {Shown(missing.Cast<object>().ToList())} and received instead {Shown(unexpected)}");
        }
        return received.Cast<T>().ToList();
    }

    private T Expect<T>(Action<T, IActorRef> check, TimeSpan? timeout, string? hint, CancellationToken cancellation)
    {
        var limit = RemainingOrDilated(timeout);
        if (!TryReceiveOne(out var envelope, limit, cancellation))
        {
            Assert.Fail($"{TestActor.Path} expected a {typeof(T).Name}{Hint(hint)} and received nothing within {limit}");
        }
        if (envelope!.Message is not T typed)
        {
            Assert.Fail($"{TestActor.Path} expected a {typeof(T).Name}{Hint(hint)} and received {envelope}");
            return default;
        }
        check(typed, envelope.Sender);
        return typed;
    }

    private void AssertFits(bool fits, object? actual, string? hint)
    {
        if (!fits)
        {
            Assert.Fail($"{TestActor.Path} received <{actual}>, which does not fit{Hint(hint)}");
        }
    }
}
