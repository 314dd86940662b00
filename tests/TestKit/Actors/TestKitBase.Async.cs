namespace Orchestrator.Actors.TestKit;

/// <summary>The asynchronous forms of the expectations. They wait on the test's own thread and return completed.</summary>
public abstract partial class TestKitBase
{
    public ValueTask<T> ExpectMsgAsync<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        new(ExpectMsg<T>(duration, hint, cancellationToken));

    public ValueTask<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        new(ExpectMsg(message, timeout, hint, cancellationToken));

    public ValueTask<T> ExpectMsgAsync<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        new(ExpectMsg(isMessage, timeout, hint, cancellationToken));

    public ValueTask<T> ExpectMsgAsync<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        new(ExpectMsg(assert, timeout, hint, cancellationToken));

    public ValueTask<Terminated> ExpectTerminatedAsync(IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        new(ExpectTerminated(target, timeout, hint, cancellationToken));

    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default)
    {
        ExpectNoMsg(cancellationToken);
        return ValueTask.CompletedTask;
    }

    public ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default)
    {
        ExpectNoMsg(duration, cancellationToken);
        return ValueTask.CompletedTask;
    }

    public ValueTask<T> FishForMessageAsync<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        new(FishForMessage(isMessage, max, hint, cancellationToken));

    public ValueTask<object?> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        new(ReceiveOne(max, cancellationToken));

    public Task<IActorRef> WatchAsync(IActorRef actorToWatch) => Task.FromResult(Watch(actorToWatch));

    public Task<IActorRef> UnwatchAsync(IActorRef actorToUnwatch) => Task.FromResult(Unwatch(actorToUnwatch));

    public Task AwaitAssertAsync(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        AwaitAssert(assertion, duration, interval, cancellationToken);
        return Task.CompletedTask;
    }

    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default)
    {
        AwaitCondition(conditionIsFulfilled, cancellationToken);
        return Task.CompletedTask;
    }

    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, TimeSpan? max, string? message, CancellationToken cancellationToken = default)
    {
        AwaitCondition(conditionIsFulfilled, max, message, cancellationToken);
        return Task.CompletedTask;
    }
}
