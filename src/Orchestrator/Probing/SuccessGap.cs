namespace Orchestrator.Probing;

/// <summary>The longest time in which no expected answer came.</summary>
/// <param name="began">From when on silence counts; null: from the first answer.</param>
public sealed class SuccessGap(DateTimeOffset? began)
{
    private DateTimeOffset? _last = began;

    public TimeSpan Longest { get; private set; }

    /// <summary>Where the longest one began; null before there is any.</summary>
    public DateTimeOffset? From { get; private set; }

    public void Success(DateTimeOffset at)
    {
        Close(at);
        if (_last is null || at > _last)
            _last = at;
    }

    /// <summary>Silence until now counts, though no answer has ended it.</summary>
    public void Close(DateTimeOffset at)
    {
        if (_last is { } last && at - last > Longest)
            (Longest, From) = (at - last, last);
    }
}
