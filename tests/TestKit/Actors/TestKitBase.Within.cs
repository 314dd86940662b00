using System.Diagnostics;
using Xunit;

namespace Orchestrator.Actors.TestKit;

public abstract partial class TestKitBase
{
    private TimeSpan? _end;
    private bool _lastWasNoMessage;

    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>What is left of the innermost <c>Within</c>.</summary>
    public TimeSpan Remaining => _end is { } end
        ? Until(end)
        : throw new InvalidOperationException("Remaining has a meaning only inside Within.");

    public TimeSpan RemainingOrDefault => RemainingOr(SingleExpectDefault);

    private TimeSpan Clock => _deterministic is null ? Now : TimeSpan.FromTicks(_deterministic.Time.GetUtcNow().UtcTicks);

    public TimeSpan RemainingOrDilated(TimeSpan? duration) => duration is { } given ? Dilated(given) : RemainingOrDefault;

    /// <summary>The duration itself: this kit has no factor for slow machines.</summary>
    public TimeSpan Dilated(TimeSpan duration) => duration;

    public TimeSpan GetTimeoutOrDefault(TimeSpan? timeout) => RemainingOrDilated(timeout);

    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    public void Within(TimeSpan min, TimeSpan max, Action action, string? hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(min, max, () =>
        {
            action();
            return true;
        }, hint, epsilonValue, cancellationToken);

    public T Within<T>(TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    /// <summary>The function takes at least and at most so long; expectations in it without a time of their own share what is left.</summary>
    public T Within<T>(TimeSpan min, TimeSpan max, Func<T> function, string? hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var started = Clock;
        var outer = _end;
        var limit = outer is { } end && end - started < max ? end - started : max;
        _end = started + limit;
        _lastWasNoMessage = false;
        T result;
        try
        {
            result = function();
        }
        finally
        {
            _end = outer;
        }
        var took = Clock - started;
        if (took < min)
        {
            Assert.Fail($"The block{Hint(hint)} took {took}, less than {min}");
        }
        // A wait for silence takes all there is and a little more; that is not lateness.
        if (!_lastWasNoMessage && took > limit + (epsilonValue ?? TimeSpan.Zero))
        {
            Assert.Fail($"The block{Hint(hint)} took {took}, more than {limit}");
        }
        return result;
    }

    protected TimeSpan RemainingOr(TimeSpan duration) => _end is null ? duration : Remaining;
}
