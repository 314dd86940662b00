using Xunit;

namespace Orchestrator.Actors.TestKit;

public abstract partial class TestKitBase
{
    private static readonly TimeSpan s_retryDefault = TimeSpan.FromMilliseconds(20);

    /// <summary>Tries the assertion again until it holds; after the duration its own exception comes out.</summary>
    public void AwaitAssert(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var deadline = Clock + RemainingOrDilated(duration);
        while (true)
        {
            _deterministic?.RunUntilIdle();
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                assertion();
                return;
            }
            catch (Exception) when (Clock < deadline)
            {
                // Not yet.
            }
            Pause(interval);
        }
    }

    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, string? message, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, message, cancellationToken);

    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string? message = null, CancellationToken cancellationToken = default)
    {
        var limit = RemainingOrDilated(max);
        if (!AwaitConditionNoThrow(conditionIsFulfilled, limit, interval, cancellationToken))
        {
            Assert.Fail($"The condition{Hint(message)} did not hold within {limit}");
        }
    }

    public bool AwaitConditionNoThrow(Func<bool> conditionIsFulfilled, TimeSpan max, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var deadline = Clock + max;
        while (true)
        {
            _deterministic?.RunUntilIdle();
            cancellationToken.ThrowIfCancellationRequested();
            if (conditionIsFulfilled())
            {
                return true;
            }
            if (Clock >= deadline)
            {
                return false;
            }
            Pause(interval);
        }
    }

    // What a test awaits mostly shows as a message; anything else is looked at again after the interval.
    private void Pause(TimeSpan? interval)
    {
        if (_deterministic is { } dispatcher)
        {
            dispatcher.Advance(interval ?? s_retryDefault);
        }
        else
        {
            _queue.AwaitArrival(interval ?? s_retryDefault);
        }
    }
}
