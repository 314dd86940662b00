using System.Globalization;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>From the running container to the passed gate: probe, monitor, give it its restart policy.</summary>
internal sealed partial class ReplicaActor
{
    /// <summary>What Docker keeps of a probe's output.</summary>
    private const int ProbeOutputBytesMax = 4096;

    /// <summary>Between tries to look at a container whose monitor time is over while the engine does not answer.</summary>
    private static readonly TimeSpan SealPause = TimeSpan.FromSeconds(1);

    private GateProbe? _probe;
    private long _probeCall;
    private int _probes;
    private DateTimeOffset _probeBegan;

    private void EnterGate(ContainerDetails container)
    {
        var start = _start!;
        Progress(ReplicaPhase.Gating, null);
        if (!CheckRunning(container)) return;
        _probe = GateProbe.For(start.Spec.Container.Ready, container.Healthcheck);
        _probes = 0;
        if (_probe is null) OnReady();
        else ScheduleProbe();
    }

    /// <summary>False when the replica has failed by it.</summary>
    private bool CheckRunning(ContainerDetails container)
    {
        var start = _start!;
        var stage = start.IsReady ? ReplicaStage.Monitor : ReplicaStage.Gate;
        var when = start.IsReady ? $"within its monitor time of {Durations.Text(start.Spec.Monitor)}" : "before it was ready";
        if (container.StartedAt is { } at && at < start.EngineStartedAt) return true;
        if (container.Status is "exited" or "dead" or "restarting")
        {
            Fail(stage, ExitText(container, when), container);
            return false;
        }

        if (container.Health is not { Status: "unhealthy" } health) return true;
        start.LastProbe = new ExecResult(health.LastExitCode, health.LastOutput);
        Fail(stage, $"the engine's healthcheck found it unhealthy {when}", container);
        return false;
    }

    /// <summary>The engine's own healthcheck may be quicker than ours, as where the host is busy with the starts of many.</summary>
    private void TakeEnginesWord(ContainerDetails container)
    {
        if (_start is { IsReady: false } start && _probe is GateProbe.Exec && container is { Status: "running", Health.Status: "healthy" } && container.StartedAt >= start.EngineStartedAt) OnReady();
    }

    private static string ExitText(ContainerDetails container, string when)
    {
        var after = container.FinishedAt - container.StartedAt is { } lived && lived >= TimeSpan.Zero ? $" {Durations.Text(lived)} after its start" : "";
        if (container.OomKilled) return string.Create(CultureInfo.InvariantCulture, $"it was killed for using more memory than its limit of {container.MemoryBytes / (1024 * 1024)} MiB,{after} {when}");
        var error = container.Error.Length > 0 ? $" ({container.Error})" : "";
        return string.Create(CultureInfo.InvariantCulture, $"it exited with code {container.ExitCode}{error}{after}, {when}");
    }

    private void ScheduleProbe() => Timers.StartSingleTimer(ProbeTimer, new TimerMessage.Probe(), GateProbe.Delay(_probes++));

    private void OnProbeDue()
    {
        if (_probe is not { } probe || (_start?.ContainerId ?? _observed?.Id) is not { } container) return;
        _probeBegan = Now;
        _probeCall = Call(
            "the probe",
            probe.Timeout,
            cancellation => probe switch
            {
                GateProbe.Exec exec => _engine.ExecAsync(container, new ExecRequest(exec.Command), ProbeOutputBytesMax, cancellation),
                GateProbe.Ready ready => ReadyAsync(container, ready, cancellation),
                _ => throw new InvalidOperationException($"unknown probe {probe}"),
            },
            OnProbed,
            error => OnProbeFailed(null, EngineFaults.Text(error)));
    }

    private async Task<ExecResult> ReadyAsync(string container, GateProbe.Ready ready, CancellationToken cancellation)
    {
        var details = await _engine.InspectContainerAsync(container, cancellation);
        var address = details.NetworkMode == "host" ? "127.0.0.1" : details.Addresses.Values.FirstOrDefault(address => address.Length > 0);
        if (address is null) return new ExecResult(1, "the container has no network address to probe");
        var error = await _options.ReadyProbe.TryAsync(address, ready.Spec, cancellation);
        return new ExecResult(error is null ? 0 : 1, error ?? "");
    }

    private void OnProbed(ExecResult result)
    {
        _probeCall = 0;
        if (result.ExitCode != 0)
        {
            OnProbeFailed(result, LastLine(result.Output) is { Length: > 0 } line ? line : string.Create(CultureInfo.InvariantCulture, $"exit code {result.ExitCode}"));
        }
        else if (_start is not null)
        {
            OnReady();
        }
        else
        {
            EndProbes();
            if (_observed?.StartedAt is { } started) Judge(_verdict.Standing, started);
        }
    }

    private void OnProbeFailed(ExecResult? result, string error)
    {
        _probeCall = 0;
        if (_start is not { } start)
        {
            ScheduleProbe();
            return;
        }

        start.LastProbe = result ?? new ExecResult(-1, error);
        start.ProbeError = error;
        if (_probe?.Counts(_probeBegan, start.StartedAt, start.LastCountedProbe) == true)
        {
            start.LastCountedProbe = Now;
            if (++start.CountedProbes >= _probe.Retries)
            {
                Fail(ReplicaStage.Gate, $"its healthcheck has not succeeded once in {Durations.Text(Now - start.StartedAt)} since its start (retries, interval and start_period are used up); the last probe said: {error}");
                return;
            }
        }

        Progress(ReplicaPhase.Gating, "probe: " + error);
        ScheduleProbe();
    }

    private static string LastLine(string output)
    {
        var text = output.AsSpan().Trim();
        return text[(text.LastIndexOf('\n') + 1)..].Trim().ToString();
    }

    private void EndProbes()
    {
        _probe = null;
        Timers.Cancel(ProbeTimer);
        if (_probeCall != 0) Abandon(_probeCall);
        _probeCall = 0;
    }

    private void OnReady()
    {
        var start = _start!;
        EndProbes();
        start.IsReady = true;

        // An x-orchestrator.ready probe stands for the healthcheck, too, until the engine has a verdict of its own.
        Judge(ReplicaStanding.InGate, start.EngineStartedAt);
        foreach (var id in start.Ids) Publish(new AgentEvent.ReplicaReady(id, _key));
        Progress(ReplicaPhase.Monitoring, null);
        var left = start.StartedAt + start.Spec.Monitor - Now;
        if (left > TimeSpan.Zero) Timers.StartSingleTimer(MonitorTimer, new TimerMessage.MonitorOver(), left);
        else Seal();
    }

    /// <summary>The monitor time is over: a last look, and the final restart policy, by which the passing is known for ever.</summary>
    private void Seal()
    {
        if (_start is not { IsFailing: false, ContainerId: { } id } start) return;
        var policy = RestartPolicies.For(start.Spec.Container.Restart);
        Call(
            "setting the restart policy",
            ChangeMax,
            async cancellation =>
            {
                var container = await _engine.InspectContainerAsync(id, cancellation);
                if (container is { Running: true, Health: null or { Status: not "unhealthy" } } && !RestartPolicies.IsNo(policy)) await _engine.UpdateRestartPolicyAsync(id, policy, cancellation);
                return container;
            },
            container =>
            {
                if (!CheckRunning(container)) return;
                start.IsSealed = true;
                Judge(ReplicaStanding.Passed);

                // Of a policy the coordinator is told nothing: where it knows of this very start, it has just heard that it passed.
                if (_observed is { Status: "running" } known && known.Id == id && known.StartedAt == container.StartedAt) OnPassed();
                else LookThen(id, OnPassed);
            },
            error =>
            {
                // The progress deadline bounds it.
                if (EngineFaults.IsTemporary(error)) Timers.StartSingleTimer(MonitorTimer, new TimerMessage.MonitorOver(), SealPause);
                else Fail(ReplicaStage.Monitor, $"its restart policy could not be set: {EngineFaults.Text(error)}");
            });
    }

    private void OnPassed()
    {
        var start = _start!;
        LogPassed(_key, Now - start.ReceivedAt);
        EndStart();
        foreach (var id in start.Ids)
        {
            if (!start.IsReady) Publish(new AgentEvent.ReplicaReady(id, _key));
            Publish(new AgentEvent.ReplicaPassed(id, _key));
        }

        ProbeIfUnverified();
        RetireIfIdle();
    }

    /// <summary>Passed, and started again by the engine or found after an agent's restart: the engine's verdict may be an interval away, so probe until one is there.</summary>
    private void ProbeIfUnverified()
    {
        var needed = _observed is { Status: "running", Health.Status: "starting" } container
            && container.StartedAt != _verdict.VerifiedStart
            && ReplicaObservation.HasPassed(container, _verdict, Now);
        if (!needed)
        {
            EndProbes();
        }
        else if (_probe is null && (_probe = GateProbe.For(null, _observed!.Healthcheck)) is not null)
        {
            _probes = 0;
            ScheduleProbe();
        }
    }
}
