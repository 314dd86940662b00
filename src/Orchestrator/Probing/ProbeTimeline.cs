using System.Collections.Immutable;

namespace Orchestrator.Probing;

/// <summary>The course of a probe in equal steps: of one second, then of two, four and so on, so that an hour needs no more room than a minute.</summary>
public sealed class ProbeTimeline(DateTimeOffset began)
{
    private const int StepsMax = 600;

    private readonly List<Step> _steps = [];
    private int _stepSeconds = 1;

    public void Add(in ProbeOutcome outcome)
    {
        var index = Index(outcome.At);
        while (index >= StepsMax)
        {
            Halve();
            index = Index(outcome.At);
        }

        while (_steps.Count <= index)
            _steps.Add(default);
        _steps[index] = _steps[index].With(outcome);
    }

    public ImmutableArray<ProbeStep> Steps() =>
        [.. _steps.Select((s, i) => new ProbeStep(i * _stepSeconds, _stepSeconds, s.Requests, s.Failed, Math.Round(s.Slowest.TotalMilliseconds, 3)))];

    private int Index(DateTimeOffset at) => (int)Math.Max(0, (at - began).TotalSeconds / _stepSeconds);

    private void Halve()
    {
        for (var i = 0; i < _steps.Count; i += 2)
            _steps[i / 2] = i + 1 < _steps.Count ? _steps[i].With(_steps[i + 1]) : _steps[i];
        _steps.RemoveRange((_steps.Count + 1) / 2, _steps.Count / 2);
        _stepSeconds *= 2;
    }

    private readonly record struct Step(long Requests, long Failed, TimeSpan Slowest)
    {
        public Step With(in ProbeOutcome outcome) => With(new Step(1, outcome.Failure is null ? 0 : 1, outcome.Failure is null ? outcome.Latency : TimeSpan.Zero));

        public Step With(Step other) => new(Requests + other.Requests, Failed + other.Failed, Slowest > other.Slowest ? Slowest : other.Slowest);
    }
}
