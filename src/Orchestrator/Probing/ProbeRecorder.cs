using System.Collections.Immutable;

namespace Orchestrator.Probing;

/// <summary>What a probe has seen so far, in bounded room, whatever the number of requests. Thread-safe.</summary>
/// <param name="forgives">The stack does not run yet: failures of a URL before its first answer do not count.</param>
/// <param name="maxFailures">One more completes <see cref="LimitPassed"/>.</param>
public sealed class ProbeRecorder(ProbeOptions options, ProbeClock clock, bool forgives, long maxFailures)
{
    /// <summary>Failures kept with their moment and reason; the rest are counted.</summary>
    public const int FailuresMax = 1000;

    /// <summary>A header with ever new values must not fill the memory.</summary>
    private const int AnsweredByMax = 100;

    /// <summary>Moments of a change; beyond, requests are counted to the last.</summary>
    private const int MarksMax = 20_000;

    private readonly Lock _gate = new();
    private readonly UrlState[] _urls = [.. options.Urls.Select(_ => new UrlState(new SuccessGap(forgives ? null : clock.Began)))];
    private readonly PhaseState[] _phases = [new(), new(), new()];
    private readonly List<Mark> _marks = [];
    private readonly List<ProbeFailure> _failures = [];
    private readonly SortedDictionary<string, long> _answeredBy = new(StringComparer.Ordinal);
    private readonly SuccessGap _gap = new(forgives ? null : clock.Began);
    private readonly ProbeTimeline _timeline = new(clock.Began);
    private readonly TaskCompletionSource _limitPassed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _eachHeard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset? _changeBegan;
    private DateTimeOffset? _changeEnded;
    private long _requests;
    private long _failed;
    private long _notCounted;
    private long _notSent;

    /// <summary>Completes when more failures count than are allowed.</summary>
    public Task LimitPassed => _limitPassed.Task;

    /// <summary>Completes when of each URL the end of a request is known, good or bad.</summary>
    public Task EachHeard => _eachHeard.Task;

    /// <summary>Those that count.</summary>
    public long Failed
    {
        get
        {
            lock (_gate)
                return _failed;
        }
    }

    /// <summary>URLs that have given no expected answer yet.</summary>
    public ImmutableArray<Uri> Silent
    {
        get
        {
            lock (_gate)
                return [.. options.Urls.Where((_, i) => _urls[i].FirstAnswer is null)];
        }
    }

    /// <summary>Why the last request failed that did; null when none has.</summary>
    public string? LastFailure { get; private set; }

    public void Record(in ProbeOutcome outcome)
    {
        var (passed, heard) = (false, false);
        lock (_gate)
        {
            _requests++;
            var url = _urls[outcome.Url];
            url.Requests++;
            heard = _urls.All(u => u.Requests > 0);
            _timeline.Add(outcome);
            if (outcome.AnsweredBy is { } name && (_answeredBy.Count < AnsweredByMax || _answeredBy.ContainsKey(name)))
                _answeredBy[name] = _answeredBy.GetValueOrDefault(name) + 1;
            var phase = _phases[(int)PhaseOf(outcome.At)];
            phase.Requests++;
            if (_marks.Count > 0 && MarkOf(outcome.At) is >= 0 and var mark)
                _marks[mark] = _marks[mark].With(outcome, counts: outcome.Failure is not null && Counts(url, outcome));
            if (outcome.Failure is null)
                Succeeded(url, phase, outcome);
            else
                passed = HasFailed(url, phase, outcome);
        }

        if (heard)
            _eachHeard.TrySetResult();
        if (passed)
            _limitPassed.TrySetResult();
    }

    public void NotSent(long requests)
    {
        lock (_gate)
            _notSent += requests;
    }

    /// <summary>Also for what undoes a change after its end: it goes on.</summary>
    public void ChangeBegan()
    {
        lock (_gate)
            (_changeBegan, _changeEnded) = (_changeBegan ?? clock.Now, null);
    }

    public void ChangeEnded()
    {
        lock (_gate)
            _changeEnded = clock.Now;
    }

    /// <summary>A moment from which requests are counted by themselves; its number.</summary>
    public (int Mark, DateTimeOffset At) AddMark()
    {
        lock (_gate)
        {
            var now = clock.Now;
            if (_marks.Count < MarksMax)
                _marks.Add(new Mark(now, 0, 0));
            return (_marks.Count - 1, now);
        }
    }

    /// <summary>Requests sent from a mark to a later one, or to the end.</summary>
    public (long Requests, long Failed) Between(int from, int? to)
    {
        lock (_gate)
        {
            var marks = _marks.Skip(from).Take((to ?? _marks.Count) - from);
            return marks.Aggregate((Requests: 0L, Failed: 0L), (sum, m) => (sum.Requests + m.Requests, sum.Failed + m.Failed));
        }
    }

    /// <summary>Ends the gaps; called once, after the last outcome.</summary>
    public ProbeReport Report(DateTimeOffset sentUntil, ImmutableArray<ProbeBatch> batches)
    {
        lock (_gate)
        {
            _gap.Close(sentUntil);
            foreach (var url in _urls)
                url.Gap.Close(sentUntil);
            return new ProbeReport
            {
                Held = _failed <= maxFailures && _urls.All(u => u.FirstAnswer is not null),
                Began = clock.Began,
                Ended = sentUntil,
                Rate = options.Rate,
                Connections = options.Connections,
                Requests = _requests,
                Failed = _failed,
                MaxFailures = maxFailures,
                NotCounted = _notCounted,
                NotSent = _notSent,
                LongestGap = Gap(_gap),
                Before = _phases[(int)Phase.Before].Report(),
                During = _phases[(int)Phase.During].Report(),
                After = _phases[(int)Phase.After].Report(),
                Urls = [.. _urls.Select((u, i) => new ProbeUrl(options.Urls[i].AbsoluteUri, u.Requests, u.Failed, Gap(u.Gap), u.FirstAnswer))],
                Batches = batches,
                Failures = [.. _failures.OrderBy(f => f.At)],
                AnsweredBy = _answeredBy.ToImmutableSortedDictionary(StringComparer.Ordinal),
                Timeline = _timeline.Steps(),
            };
        }
    }

    private void Succeeded(UrlState url, PhaseState phase, in ProbeOutcome outcome)
    {
        phase.Latency.Add(outcome.Latency);
        url.FirstAnswer ??= outcome.Ended;
        url.Gap.Success(outcome.Ended);
        _gap.Success(outcome.Ended);
    }

    /// <summary>True when it is the one too many.</summary>
    private bool HasFailed(UrlState url, PhaseState phase, in ProbeOutcome outcome)
    {
        LastFailure = outcome.Failure;
        if (!Counts(url, outcome))
        {
            _notCounted++;
            return false;
        }

        phase.Failed++;
        url.Failed++;
        _failed++;
        if (_failures.Count < FailuresMax)
            _failures.Add(new ProbeFailure(outcome.At, options.Urls[outcome.Url].AbsoluteUri, outcome.Failure!, Ms(outcome.Latency), outcome.AnsweredBy));
        return _failed > maxFailures;
    }

    private bool Counts(UrlState url, in ProbeOutcome outcome) => !forgives || (url.FirstAnswer is { } first && outcome.At >= first);

    private Phase PhaseOf(DateTimeOffset at) =>
        _changeBegan is null || at < _changeBegan ? Phase.Before : _changeEnded is null || at < _changeEnded ? Phase.During : Phase.After;

    /// <summary>The last mark that was set when the request was sent; -1 for one sent before all.</summary>
    private int MarkOf(DateTimeOffset at)
    {
        var (low, high) = (0, _marks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_marks[middle].At <= at)
                low = middle + 1;
            else
                high = middle;
        }

        return low - 1;
    }

    private static ProbeGap Gap(SuccessGap gap) => new(Ms(gap.Longest), gap.From);

    private static double Ms(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 3);

    private enum Phase
    {
        Before,
        During,
        After,
    }

    private readonly record struct Mark(DateTimeOffset At, long Requests, long Failed)
    {
        public Mark With(in ProbeOutcome outcome, bool counts) => this with { Requests = Requests + 1, Failed = Failed + (counts ? 1 : 0) };
    }

    private sealed class UrlState(SuccessGap gap)
    {
        public long Requests { get; set; }

        public long Failed { get; set; }

        public DateTimeOffset? FirstAnswer { get; set; }

        public SuccessGap Gap { get; } = gap;
    }

    private sealed class PhaseState
    {
        public long Requests { get; set; }

        public long Failed { get; set; }

        public LatencyHistogram Latency { get; } = new();

        public ProbePhase Report() => new(Requests, Failed, Ms(Latency.Percentile(0.5)), Ms(Latency.Percentile(0.95)), Ms(Latency.Percentile(0.99)), Ms(Latency.Max));
    }
}
