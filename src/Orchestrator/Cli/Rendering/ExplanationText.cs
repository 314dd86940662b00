using Orchestrator.Api;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli.Rendering;

/// <summary>The text of <c>explain</c>: how it is, why, each replica with what led to it, and what to do.</summary>
internal static class ExplanationText
{
    public static IEnumerable<string> Lines(ExplanationView view, Paint paint)
    {
        var tone = view.State switch { "stable" => Tone.Good, "updating" or "repairing" => Tone.Busy, _ => Tone.Bad };
        yield return $"{paint.Of(Tone.Strong, view.Stack)} is {paint.Of(tone, view.State)}{(view.Revision is { } revision ? $" at revision {revision}" : "")}";
        foreach (var reason in view.Reasons)
            yield return $"  {VisibleText.Line(reason)}";
        foreach (var line in view.Services.SelectMany(s => Service(s, paint)))
            yield return line;
        if (view.Events.Length > 0)
        {
            yield return "";
            yield return paint.Of(Tone.Strong, "what has happened last");
            foreach (var happened in view.Events)
            {
                foreach (var line in EventText.Lines(happened, withStack: false, paint))
                    yield return $"  {line}";
            }
        }

        if (view.Next.Length == 0)
            yield break;
        yield return "";
        yield return paint.Of(Tone.Strong, "what to do");
        foreach (var step in view.Next)
            yield return $"  {step}";
    }

    private static IEnumerable<string> Service(ServiceExplanation service, Paint paint)
    {
        yield return "";
        yield return $"{paint.Of(Tone.Strong, service.Service)}  wanted: {service.Wanted}; {paint.Of(service.Serving < service.Desired ? Tone.Bad : Tone.Good, Serving(service))}";
        foreach (var replica in service.Replicas)
        {
            var health = replica.Health == "none" ? "" : $", {replica.Health}";
            yield return $"  {service.Service}.{replica.Slot}{(replica.Host is null ? "" : $" on {replica.Host}")}: {replica.State}{health}";
            foreach (var why in replica.Why)
                yield return $"    {VisibleText.Line(why)}";
            foreach (var line in VisibleText.Lines(replica.Probe ?? ""))
                yield return $"    {paint.Of(Tone.Quiet, "probe |")} {line}";
        }
    }

    private static string Serving(ServiceExplanation service)
    {
        var serving = service.Serving == 1 ? "1 serves" : $"{service.Serving} serve";
        var old = service.ServingOld.IsEmpty
            ? ""
            : $": {string.Join(", ", service.ServingOld.Select(o => $"{o.Value} of the old revision {o.Key}"))}; {service.Serving - service.ServingOld.Values.Sum()} of {service.Desired} of the wanted one";
        var withheld = service.Withheld == 0 ? "" : $"; {service.Withheld} of the wanted one {(service.Withheld == 1 ? "is" : "are")} ready, out of the traffic until the switch";
        return serving + old + withheld;
    }
}
