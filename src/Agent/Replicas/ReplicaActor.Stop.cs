using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>Stop, then keep or remove.</summary>
internal sealed partial class ReplicaActor
{
    /// <summary>What the engine may take beyond the grace period before it is taken for stuck: it kills by itself, and that needs a moment on a busy host.</summary>
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan KillMax = TimeSpan.FromSeconds(15);

    /// <summary>A removal that is in progress already, by us or by somebody, is looked at until it is over.</summary>
    private const int RemoveAttempts = 50;

    private static readonly TimeSpan RemovePause = TimeSpan.FromMilliseconds(200);

    private void OnStop(AgentCommand.StopReplica command)
    {
        _startNext = null;
        if (_stop is not null)
        {
            _stop.Join(command);
            return;
        }

        _stop = new StopJob(command);

        // A create or start that is with the engine cannot be called back: the stop begins when it has ended.
        if (_start is { IsCommitted: true }) return;
        if (_start is not null) AbortStart();
        BeginStop();
    }

    private void BeginStop()
    {
        var stop = _stop!;
        stop.HasBegun = true;
        LogStopping(_key, stop.Ids[0], stop.Retain);
        ForgetFailure();
        EndProbes();
        foreach (var id in stop.Ids) Publish(new AgentEvent.ReplicaProgressed(id, _key, ReplicaPhase.Stopping, null));
        Call("finding the container", ReadMax, LocateAsync, OnLocatedToStop, error => FailStop("finding the container failed", error));
    }

    private void OnLocatedToStop(ContainerDetails? container)
    {
        if (container is null)
        {
            EndStop(null);
            return;
        }

        var stop = _stop!;
        var id = container.Id;
        if (stop.Retain && container.Status != "created") Judge(ReplicaStanding.Retained);
        var grace = stop.Grace ?? ReplicaObservation.StopGrace(container);
        Call(
            "stopping the container",
            (grace ?? FailedGraceMax) + StopMargin,
            async cancellation =>
            {
                // First, or a policy of the engine could bring back what has just been stopped. It has its grace even when that fails.
                var hasEnded = await TryEndRestartsAsync(container, cancellation);
                if (container.Status is "running" or "paused" or "restarting") await _engine.StopContainerAsync(id, stop.Grace, cancellation);
                if (stop.Retain && !hasEnded) await EndRestartsAsync(container, cancellation);
            },
            () => OnStopped(container),
            error =>
            {
                if (EngineFaults.IsNotFound(error)) OnRemoved(id);
                else Kill(container, error);
            });
    }

    private async Task EndRestartsAsync(ContainerDetails container, CancellationToken cancellation)
    {
        if (!RestartPolicies.IsNo(container.RestartPolicy)) await _engine.UpdateRestartPolicyAsync(container.Id, RestartPolicy.No, cancellation);
    }

    private async Task<bool> TryEndRestartsAsync(ContainerDetails container, CancellationToken cancellation)
    {
        try
        {
            await EndRestartsAsync(container, cancellation);
            return true;
        }
        catch (EngineException error) when (EngineFaults.IsTemporary(error))
        {
            return false;
        }
    }

    private void Kill(ContainerDetails container, Exception reason)
    {
        LogKilling(_key, EngineFaults.Text(reason));
        var retain = _stop!.Retain;
        Call(
            "killing the container",
            KillMax,
            async cancellation =>
            {
                await KillAsync(container.Id, cancellation);

                // What failed may have been the policy, and a kept container must not come back with the engine's next start.
                if (retain) await EndRestartsAsync(container, cancellation);
            },
            () => OnStopped(container),
            error =>
            {
                if (EngineFaults.IsNotFound(error)) OnRemoved(container.Id);
                else if (EngineFaults.IsConflict(error)) OnStopped(container);
                else FailStop($"stopping failed ({EngineFaults.Text(reason)}), and killing it too", error);
            });
    }

    private async Task KillAsync(string container, CancellationToken cancellation)
    {
        try
        {
            await _engine.KillContainerAsync(container, "SIGKILL", cancellation);
        }
        catch (EngineException error) when (EngineFaults.IsConflict(error))
        {
            // It runs no more.
            return;
        }

        await _engine.WaitContainerAsync(container, cancellation);
    }

    private void OnStopped(ContainerDetails container)
    {
        if (!_stop!.Retain) Remove(container.Id);
        else if (container.Name == _key.ContainerName) EndStop(container.Id);
        else GiveNameBack(container);
    }

    /// <summary>A name of the file's choosing is for the running container; a kept one goes by its key.</summary>
    private void GiveNameBack(ContainerDetails container) => Call(
        "renaming the kept container",
        ChangeMax,
        cancellation => _engine.RenameContainerAsync(container.Id, _key.ContainerName, cancellation),
        () => EndStop(container.Id),
        error => FailStop("renaming the kept container failed", error));

    private void Remove(string id) => Call(
        "removing the container",
        ChangeMax,
        cancellation => _engine.RemoveContainerAsync(id, force: true, volumes: true, cancellation),
        () => OnRemoved(id),
        error =>
        {
            if (EngineFaults.IsNotFound(error)) OnRemoved(id);
            else if ((EngineFaults.IsConflict(error) || EngineFaults.IsTemporary(error)) && ++_stop!.RemoveAttempts < RemoveAttempts) Timers.StartSingleTimer(RetryTimer, new TimerMessage.Retry(() => Remove(id)), RemovePause);
            else FailStop("removing the container failed", error);
        });

    private void OnRemoved(string id)
    {
        _stop!.IsRemoved = true;
        EndStop(id);
    }

    private void EndStop(string? containerId)
    {
        if (containerId is null) Stopped(null);
        else LookThen(containerId, () => Stopped(containerId));
    }

    private void Stopped(string? containerId)
    {
        var stop = _stop!;
        if (containerId is not null && stop is { Retain: false, IsRemoved: false })
        {
            // A later command has asked to remove what this one kept.
            Remove(containerId);
            return;
        }

        LogStopped(_key, stop.Retain);
        if (!stop.Retain) Judge(ReplicaStanding.Unknown);
        foreach (var id in stop.Ids) Publish(new AgentEvent.ReplicaStopped(id, _key));
        AfterStop();
    }

    private void FailStop(string what, Exception error)
    {
        var report = new FailureReport { Stage = ReplicaStage.Stop, Message = $"{what}: {EngineFaults.Text(error)}; look at the container {_key.ContainerName} on host {_options.HostName} and at the engine's log" };
        LogFailed(_key, report.Stage, report.Message);
        foreach (var id in _stop!.Ids) Publish(new AgentEvent.ReplicaFailed(id, _key, report));
        AfterStop();
    }

    private void AfterStop()
    {
        _stop = null;
        if (_startNext is { } next)
        {
            _startNext = null;
            BeginStart(next);
        }
        else
        {
            RetireIfIdle();
        }
    }
}
