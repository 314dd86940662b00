using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;
using Orchestrator.Planning;

namespace Orchestrator.Cli.Progress;

/// <summary>What the live display shows at one moment: a line per service, one per replica under those at work.</summary>
internal static class LiveFrame
{
    private const int ReplicaWidthMin = 8;

    public readonly record struct Piece(Tone Tone, string Text);

    /// <param name="height">Lines there is room for; finished replicas and services give way first.</param>
    public static ImmutableArray<ImmutableArray<Piece>> Lines(ChangeProgress progress, DateTimeOffset now, int height)
    {
        var services = progress.Services.Where(s => s.Action != ServiceAction.None || s.Started is not null).ToArray();
        var lines = ImmutableArray.CreateBuilder<ImmutableArray<Piece>>();
        var room = Math.Max(1, height - services.Length - 1);
        var nameWidth = services.Select(s => s.Name.Length).DefaultIfEmpty().Max();
        foreach (var service in services)
        {
            lines.Add(Service(service, nameWidth, now));
            if (service.Started is null || service.Outcome is not null)
                continue;
            var shown = Shown(service, room);
            room -= shown.Length;
            var width = shown.Select(r => Name(service, r).Length).Append(ReplicaWidthMin).Max();
            var hostWidth = shown.Select(r => r.Host.Length).DefaultIfEmpty().Max();
            foreach (var replica in shown)
                lines.Add(Replica(service, replica, width, hostWidth, now));
        }

        if (progress.Waiting is { } waiting)
            lines.Add([new(Tone.Quiet, $"waiting for {VisibleText.Line(waiting.For)} ({DurationText.Of(waiting.Since)})")]);
        return lines.Count <= height ? lines.ToImmutable() : [.. lines.Take(Math.Max(0, height - 1)), [new(Tone.Quiet, $"… {lines.Count - height + 1} more")]];
    }

    private static ReplicaProgress[] Shown(ServiceProgress service, int room) =>
        [.. service.Replicas
            .OrderBy(r => r.Step == ReplicaStep.Failed ? 0 : r.Passed ? 2 : 1)
            .Take(Math.Max(0, room))
            .OrderBy(r => r.Slot)];

    private static ImmutableArray<Piece> Service(ServiceProgress service, int nameWidth, DateTimeOffset now)
    {
        var line = ImmutableArray.CreateBuilder<Piece>();
        line.Add(new(Tone.Strong, service.Name.PadRight(nameWidth)));
        var (tone, word) = State(service);
        line.Add(new(tone, $"  {word,-12}"));
        line.Add(new(Tone.Plain, $"  {service.Passed}/{service.Slots}"));
        if (service.Failed > 0)
            line.Add(new(Tone.Bad, $", {service.Failed} failed"));
        if (service.Outcome is null && service.Batches > 1)
            line.Add(new(Tone.Quiet, $"  batch {service.Batch} of {service.Batches}"));
        if (service.Started is { } started)
            line.Add(new(Tone.Quiet, "  " + DurationText.Of((service.Ended ?? now) - started)));
        return line.ToImmutable();
    }

    private static (Tone Tone, string Word) State(ServiceProgress service)
    {
        if (service.Outcome is { } outcome)
            return (ProgressText.ToneOf(outcome), ProgressText.Word(outcome));
        if (service.Started is null)
            return (Tone.Quiet, "waiting");
        return (Tone.Busy, service.RollingBack ? "rolling back" : ProgressText.Doing(service.Action));
    }

    private static ImmutableArray<Piece> Replica(ServiceProgress service, ReplicaProgress replica, int width, int hostWidth, DateTimeOffset now)
    {
        var finished = replica.Passed || replica.Step == ReplicaStep.Failed;
        var elapsed = finished && replica.Step != ReplicaStep.StoppingOld ? "" : DurationText.Of(now - replica.Since);
        var detail = string.IsNullOrEmpty(replica.Detail) ? "" : "  " + VisibleText.Line(replica.Detail);
        return
        [
            new(Tone.Plain, $"  {Name(service, replica).PadRight(width)}  {replica.Host.PadRight(hostWidth)}  "),
            new(ProgressText.ToneOf(replica.Step), $"{ProgressText.Word(replica.Step),-12}"),
            new(Tone.Quiet, $"  {elapsed,8}{detail}"),
        ];
    }

    private static string Name(ServiceProgress service, ReplicaProgress replica) => $"{service.Name}.{replica.Slot}";
}
