using System.Globalization;

namespace Orchestrator.Agent.Inventory;

/// <summary>Base of the actors that call the engine: each call is bounded by a timer, can be abandoned, and its end comes back as a message, so that no actor ever waits.</summary>
internal abstract class EngineCaller : ReceiveActor, IWithTimers
{
    private readonly Dictionary<long, Pending> _calls = [];
    private long _lastCall;

    protected EngineCaller()
    {
        Receive<CallMessage.Ended>(OnEnded);
        Receive<CallMessage.Overdue>(OnOverdue);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected static DateTimeOffset Now => Context.System.Scheduler.Now;

    /// <summary>Starts a call. Exactly one of <paramref name="done"/> and <paramref name="failed"/> runs, in this actor, unless the call is abandoned.</summary>
    /// <param name="what">For the message of the <see cref="TimeoutException"/> that <paramref name="failed"/> gets when the bound has passed.</param>
    /// <returns>The number by which it can be abandoned.</returns>
    protected long Call<T>(string what, TimeSpan bound, Func<CancellationToken, Task<T>> call, Action<T> done, Action<Exception> failed)
    {
        var id = ++_lastCall;
        var cancellation = new CancellationTokenSource();
        _calls[id] = new Pending(what, bound, cancellation, result => done((T)result!), failed);
        Timers.StartSingleTimer(TimerKey(id), new CallMessage.Overdue(id), bound);
        Begin(call, cancellation.Token).PipeTo(
            Self,
            success: result => new CallMessage.Ended(id, result, null),
            failure: error => new CallMessage.Ended(id, null, error is AggregateException { InnerException: { } inner } ? inner : error));
        return id;
    }

    protected long Call(string what, TimeSpan bound, Func<CancellationToken, Task> call, Action done, Action<Exception> failed) =>
        Call(
            what,
            bound,
            async cancellation =>
            {
                await call(cancellation);
                return true;
            },
            _ => done(),
            failed);

    protected void Abandon(long id)
    {
        if (_calls.Remove(id, out var pending)) End(id, pending);
    }

    protected void AbandonAll()
    {
        foreach (var id in _calls.Keys.ToArray()) Abandon(id);
    }

    protected override void PostStop()
    {
        AbandonAll();
        base.PostStop();
    }

    private static string TimerKey(long id) => "call-" + id.ToString(CultureInfo.InvariantCulture);

    private static Task<T> Begin<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return call(cancellation);
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }

    private void OnEnded(CallMessage.Ended ended)
    {
        if (!_calls.Remove(ended.Id, out var pending)) return;
        Timers.Cancel(TimerKey(ended.Id));
        pending.Cancellation.Dispose();
        if (ended.Error is null) pending.Done(ended.Result);
        else pending.Failed(ended.Error);
    }

    private void OnOverdue(CallMessage.Overdue overdue)
    {
        if (!_calls.Remove(overdue.Id, out var pending)) return;
        End(overdue.Id, pending);
        pending.Failed(new TimeoutException($"{pending.What} took longer than {Durations.Text(pending.Bound)}"));
    }

    private void End(long id, Pending pending)
    {
        Timers.Cancel(TimerKey(id));
        pending.Cancellation.Cancel();
        pending.Cancellation.Dispose();
    }

    private abstract record CallMessage
    {
        public sealed record Ended(long Id, object? Result, Exception? Error) : CallMessage;

        public sealed record Overdue(long Id) : CallMessage;
    }

    private sealed record Pending(string What, TimeSpan Bound, CancellationTokenSource Cancellation, Action<object?> Done, Action<Exception> Failed);
}
