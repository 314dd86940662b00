using System.Globalization;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

/// <summary>Whether the new replicas of a service may take the old ones' place, by what both have answered in the same time. Pure.</summary>
/// <param name="Message">For people: why not, or why nothing was concluded; null when there was enough to go by.</param>
internal sealed record SloVerdict(bool IsPass, string? Message)
{
    public static SloVerdict Of(string service, SloSpec slo, TrafficCounts fresh, TrafficCounts old)
    {
        if (fresh.Requests < slo.RequestsMin)
        {
            return new SloVerdict(true, Text($"{service}: {fresh.Requests} requests came to its new replicas in {Time(slo.Window)}, fewer than {slo.RequestsMin}; nothing is concluded from them"));
        }
        if (slo.ErrorRate is { } limit && fresh.ErrorRate > limit && fresh.ErrorRate > old.ErrorRate)
        {
            var others = old.Requests == 0 ? "the old ones had no requests" : Text($"the old ones {Share(old.ErrorRate)} of {old.Requests}");
            return new SloVerdict(false, Text($"new replicas of {service} answered {Share(fresh.ErrorRate)} of {fresh.Requests} requests with an error (limit {Share(limit)}; {others})"));
        }
        return slo.P95 is { } slowest ? OfTimes(service, slowest, slo, fresh, old) : new SloVerdict(true, null);
    }

    private static SloVerdict OfTimes(string service, TimeSpan limit, SloSpec slo, TrafficCounts fresh, TrafficCounts old)
    {
        var answers = fresh.Latencies.Sum();
        if (answers < slo.RequestsMin || fresh.P95 is not { } p95)
        {
            return new SloVerdict(true, Text($"{service}: the response times of {answers} requests to its new replicas are known, fewer than {slo.RequestsMin}; p95 is not judged"));
        }
        if (p95 <= limit || p95 <= old.P95)
        {
            return new SloVerdict(true, null);
        }
        var others = old.P95 is { } before ? $"the old ones within {Time(before)}" : "the old ones had no requests";
        return new SloVerdict(false, Text($"new replicas of {service} answered 95 % of {answers} requests within {Time(p95)} (limit {Time(limit)}; {others})"));
    }

    private static string Share(double rate) => Text($"{rate * 100:0.##} %");

    private static string Time(TimeSpan time) => time.TotalSeconds >= 1 ? Text($"{time.TotalSeconds:0.##} s") : Text($"{time.TotalMilliseconds:0} ms");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
