using System.Collections.Immutable;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>A failed start: say why with all there is to see, stop the container, keep it.</summary>
internal sealed partial class ReplicaActor
{
    /// <summary>The report must not wait long for its own ornaments.</summary>
    private static readonly TimeSpan ReportPartMax = TimeSpan.FromSeconds(5);

    /// <summary>A replica that never served has no connections to finish; it gets its own grace period or this, whichever is shorter.</summary>
    private static readonly TimeSpan FailedGraceMax = TimeSpan.FromSeconds(10);

    private void Fail(ReplicaStage stage, string message, ContainerDetails? seen = null)
    {
        if (StopsHere()) return;
        var start = _start!;
        LogFailed(_key, stage, message);
        start.IsFailing = true;
        start.IsCommitted = false;
        Release();
        AbandonAll();
        EndProbes();
        Timers.Cancel(DeadlineTimer);
        Timers.Cancel(RetryTimer);
        Timers.Cancel(MonitorTimer);
        Timers.Cancel(LookTimer);
        _afterLook = null;
        Judge(ReplicaStanding.Failed);
        var report = new FailureReport { Stage = stage, Message = message, ProbeExitCode = start.LastProbe?.ExitCode, ProbeOutput = start.LastProbe?.Output };
        if (start.ContainerId is not { } id)
        {
            Report(report, null);
            return;
        }

        Call(
            "inspecting the failed container",
            ReportPartMax,
            cancellation => _engine.InspectContainerAsync(id, cancellation),
            container => AddLog(report, container, id),
            error =>
            {
                // Created, started and gone: what was seen of it last is all there is.
                if (EngineFaults.IsNotFound(error)) Report(WithExit(report, seen), null);
                else AddLog(report, seen, id);
            });
    }

    private static FailureReport WithExit(FailureReport report, ContainerDetails? container) => container is not null && ReplicaObservation.HasEnded(container) && container.StartedAt is not null
        ? report with { ExitCode = container.ExitCode, OomKilled = container.OomKilled }
        : report;

    private void AddLog(FailureReport report, ContainerDetails? container, string id)
    {
        var withExit = WithExit(report, container);
        Call(
            "reading the log",
            ReportPartMax,
            cancellation => LastLinesAsync(id, cancellation),
            lines => StopFailed(withExit with { LogLines = lines }, container, id),
            error => StopFailed(withExit with { LogLines = [$"(the log could not be read: {EngineFaults.Text(error)})"] }, container, id));
    }

    private async Task<ImmutableArray<string>> LastLinesAsync(string id, CancellationToken cancellation)
    {
        var lines = new Queue<string>();
        await foreach (var line in _engine.LogsAsync(id, new LogsRequest { Tail = FailureReport.LogLinesMax }, cancellation))
        {
            if (lines.Count == FailureReport.LogLinesMax) lines.Dequeue();
            lines.Enqueue(line.Text);
        }

        return [.. lines];
    }

    private void StopFailed(FailureReport report, ContainerDetails? container, string id)
    {
        if (container is not null && !ReplicaObservation.IsUp(container) && container.Status != "restarting")
        {
            Report(report, id);
            return;
        }

        var grace = _start!.Spec.Container.StopGracePeriod is var own && own < FailedGraceMax ? own : FailedGraceMax;
        Call(
            "stopping the failed container",
            grace + StopMargin,
            async cancellation =>
            {
                if (container is not null) await EndRestartsAsync(container, cancellation);
                await _engine.StopContainerAsync(id, grace, cancellation);
            },
            () => Report(report, id),
            error =>
            {
                LogNotStopped(_key, EngineFaults.Text(error));
                Report(EngineFaults.IsNotFound(error) ? report : report with { Message = $"{report.Message}; it still runs, for it could not be stopped: {EngineFaults.Text(error)}" }, id);
            });
    }

    private void Report(FailureReport report, string? containerId)
    {
        if (containerId is null) Reported(report);
        else LookThen(containerId, () => Reported(report));
    }

    private void Reported(FailureReport report)
    {
        var ids = _start!.Ids;
        EndStart();
        _failure = (ids, report);
        Timers.StartSingleTimer(ForgetTimer, new TimerMessage.Forget(), FailureKept);
        foreach (var id in ids) Publish(new AgentEvent.ReplicaFailed(id, _key, report));
    }
}
