using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Agent.Images;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Networks;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>Up to the running container: find, pull, networks, create, start.</summary>
internal sealed partial class ReplicaActor
{
    /// <summary>Tries of one engine call, the first included.</summary>
    private const int StepAttempts = 4;

    /// <summary>Before the second try; doubles from then on.</summary>
    private static readonly TimeSpan StepBackoff = TimeSpan.FromMilliseconds(300);

    /// <summary>Containers given up in one start: a former one, and one that raced with us; more is a loop.</summary>
    private const int ReplacementsMax = 5;

    private long _imageToken;
    private long _networksToken;

    private void OnStart(AgentCommand.StartReplica command)
    {
        if (_stop is not null)
        {
            _startNext = command;
            return;
        }

        if (_start is { } running && running.Spec.ConfigHash == command.Spec.ConfigHash)
        {
            running.Join(command.CommandId);
            if (running.Phase is { } phase && !running.IsFailing) Publish(new AgentEvent.ReplicaProgressed(command.CommandId, _key, phase, running.Told));
            if (running.IsReady) Publish(new AgentEvent.ReplicaReady(command.CommandId, _key));
            return;
        }

        if (_failure is { } failure && failure.Ids.Contains(command.CommandId))
        {
            Publish(new AgentEvent.ReplicaFailed(command.CommandId, _key, failure.Report));
            return;
        }

        // The revision is made from the hash, so another content under the same key is the coordinator's correction: the newer one counts.
        if (_start is not null) AbortStart();
        BeginStart(command);
    }

    private void BeginStart(AgentCommand.StartReplica command)
    {
        LogStarting(_key, command.CommandId);
        ForgetFailure();
        EndProbes();
        _start = new StartJob(command, Now);
        Timers.StartSingleTimer(DeadlineTimer, new TimerMessage.Deadline(), command.Spec.ProgressDeadline);
        Locate();
    }

    private void Locate() => Step(ReplicaStage.Create, "finding the container", ReadMax, LocateAsync, OnLocated);

    private void OnLocated(ContainerDetails? container)
    {
        var start = _start!;
        if (container is null)
        {
            Judge(ReplicaStanding.InGate);
            EnsureImage();
        }
        else if (container.Labels.GetValueOrDefault(ReplicaLabels.ConfigHash) != start.Spec.ConfigHash)
        {
            Replace(container.Id, $"its configuration is another one");
        }
        else
        {
            start.ContainerId = container.Id;
            Reuse(container);
        }
    }

    private void Reuse(ContainerDetails container)
    {
        var start = _start!;
        if (HasAnswerAlready(container))
        {
            Adopt(container);
            start.IsSealed = true;
            Judge(ReplicaStanding.Passed);
            LookThen(container.Id, OnPassed);
            return;
        }

        var hasFailedUnseen = HasFailedUnseen(container);
        Judge(ReplicaStanding.InGate, keptStart: ReplicaObservation.IsRetained(container, _verdict) ? container.StartedAt : null);
        switch (container.Status)
        {
            case "running":
                Adopt(container);
                EnterGate(container);
                break;
            case "exited" when hasFailedUnseen:
                Adopt(container);
                Fail(ReplicaStage.Gate, ExitText(container, "while the agent was not running, before it had passed"), container);
                break;
            case "exited" or "created":
                Restart(container);
                break;
            default:
                // Paused, restarting in vain, dead, being removed: nothing to build on.
                Replace(container.Id, $"it is {container.Status}");
                break;
        }
    }

    /// <summary>It runs and has passed; or it was made to end by itself and did so after it had passed, by this same command.</summary>
    private bool HasAnswerAlready(ContainerDetails container)
    {
        if (container is { Status: "running", Health: null or { Status: not "unhealthy" } }) return ReplicaObservation.HasPassed(container, _verdict, Now);
        return container.Status == "exited"
            && ReplicaObservation.EndsByItself(container)
            && _start!.Ids.Contains(container.Labels.GetValueOrDefault(ReplicaLabels.Instance, ""))
            && container.FinishedAt - container.StartedAt >= ReplicaObservation.Monitor(container)
            && container is { StartedAt: not null, Health: null or { Status: "healthy" } }
            && _verdict.Standing is ReplicaStanding.Unknown or ReplicaStanding.Passed;
    }

    /// <summary>This very command had made and started it, and the agent that would have seen it end is gone.</summary>
    private bool HasFailedUnseen(ContainerDetails container) =>
        container.StartedAt is not null
        && _verdict.Standing is ReplicaStanding.Unknown or ReplicaStanding.InGate
        && RestartPolicies.IsNo(container.RestartPolicy)
        && _start!.Ids.Contains(container.Labels.GetValueOrDefault(ReplicaLabels.Instance, ""));

    private void Adopt(ContainerDetails container)
    {
        var start = _start!;
        start.ContainerId = container.Id;
        start.EngineStartedAt = container.StartedAt ?? Now;
        start.StartedAt = start.EngineStartedAt < Now ? start.EngineStartedAt.Value : Now;
    }

    private void Replace(string containerId, string reason)
    {
        LogReplacing(_key, containerId, reason);
        var start = _start!;
        start.ContainerId = null;
        if (++start.Replacements > ReplacementsMax)
        {
            Fail(ReplicaStage.Create, $"its name or labels are still taken after {ReplacementsMax} removals: {reason}");
            return;
        }

        Step(
            ReplicaStage.Create,
            "removing the former container",
            ChangeMax,
            cancellation => _engine.RemoveContainerAsync(containerId, force: true, volumes: true, cancellation),
            Locate,
            error =>
            {
                // A removal in progress is as good as one that is done, a moment later.
                if (EngineFaults.IsNotFound(error)) Locate();
                else if (EngineFaults.IsConflict(error)) RetryLater(start.Replacements, Locate);
                else return false;
                return true;
            });
    }

    /// <summary>A kept or never started container: no pull, only its networks.</summary>
    private void Restart(ContainerDetails container)
    {
        var wanted = ContainerRequest.Name(_key, _start!.Spec);
        Step(
            ReplicaStage.Create,
            "preparing the kept container",
            ChangeMax,
            async cancellation =>
            {
                await EndRestartsAsync(container, cancellation);
                if (container.Name != wanted) await _engine.RenameContainerAsync(container.Id, wanted, cancellation);
            },
            EnsureNetworks,
            error =>
            {
                if (!EngineFaults.IsConflict(error)) return false;
                Replace(container.Id, EngineFaults.Text(error));
                return true;
            });
    }

    private void EnsureImage()
    {
        var start = _start!;
        Progress(ReplicaPhase.Pulling, null);
        _imageToken = ++_ticket;
        _peers.Images.Tell(new ImagesMessage.Ensure(start.Spec.Container.Image, start.Spec.MayPull, _imageToken));
    }

    private void OnPullProgress(long token, string detail)
    {
        if (_prepares.TryGetValue(token, out var id)) Publish(new AgentEvent.ReplicaProgressed(id, _key, ReplicaPhase.Pulling, detail));
        else if (token == _imageToken && _start is not null) Progress(ReplicaPhase.Pulling, detail);
    }

    private void OnImage(long token, string? error)
    {
        if (_prepares.TryGetValue(token, out var id))
        {
            OnPrepared(token, id, error);
            return;
        }

        if (token != _imageToken || _start is not { } start) return;
        _imageToken = 0;
        start.HasImage = true;
        if (error is null) EnsureNetworks();
        else Fail(ReplicaStage.Pull, error);
    }

    private void EnsureNetworks()
    {
        var spec = _start!.Spec;
        Progress(ReplicaPhase.Creating, null);
        var networks = spec.Container.NetworkMode is null ? spec.Networks : spec.Networks.Clear();
        if (networks.IsEmpty && spec.Volumes.IsEmpty)
        {
            OnNetworksReady();
            return;
        }

        _networksToken = ++_ticket;
        _peers.Networks.Tell(new NetworksMessage.Ensure(_key.Stack, networks, spec.Volumes, _networksToken)
        {
            Overlays = spec.Overlays,

            // A kept container has its addresses.
            Container = _start.ContainerId is null ? ContainerRequest.Name(_key, spec) : null,
            Avoid = _start.RefusedAddresses,
        });
    }

    private void OnNetworks(long token, ImmutableSortedDictionary<string, string> addresses, NetworksMessage.Failed? failed)
    {
        if (token != _networksToken || _start is not { } start) return;
        _networksToken = 0;
        if (failed is null)
        {
            start.Attempts = 0;
            start.Addresses = addresses;
            OnNetworksReady();
        }
        else if (failed.Temporary && ++start.Attempts < StepAttempts)
        {
            RetryLater(start.Attempts, EnsureNetworks);
        }
        else
        {
            Fail(ReplicaStage.Create, failed.Message);
        }
    }

    private void OnNetworksReady()
    {
        if (_start!.ContainerId is { } kept) StartContainer(kept);
        else CreateContainer();
    }

    private void CreateContainer()
    {
        var start = _start!;
        var name = start.OtherName ?? ContainerRequest.Name(_key, start.Spec);
        var request = ContainerRequest.For(_key, start.Spec, start.Instance, start.Addresses);
        start.IsCommitted = true;
        Step(
            ReplicaStage.Create,
            "creating the container",
            ChangeMax,
            cancellation => _engine.CreateContainerAsync(name, request, cancellation),
            id =>
            {
                start.ContainerId = id;
                StartContainer(id);
            },
            error =>
            {
                // A name conflict, also in engines that answer it with 500, and a create whose answer was lost.
                if (!EngineFaults.IsConflict(error) || ++start.NameConflicts > ReplacementsMax) return false;
                start.IsCommitted = false;
                TakeName(name, EngineFaults.Text(error));
                return true;
            });
    }

    /// <summary>The name is taken. A container of this slot, of whichever revision, gives way unless it runs; anybody else's stays.</summary>
    private void TakeName(string name, string conflict) => Step(
        ReplicaStage.Create,
        "inspecting the container that has the name",
        ReadMax,
        cancellation => _engine.InspectContainerAsync(name, cancellation),
        holder =>
        {
            var key = ReplicaObservation.Key(holder.Labels);
            if (key == _key) OnLocated(holder);
            else if (key is not null && key.Stack == _key.Stack && key.Service == _key.Service && key.Slot == _key.Slot && !ReplicaObservation.IsUp(holder)) Replace(holder.Id, conflict);
            else if (key is null && _start!.Spec.Container.ContainerName is null)
            {
                // Somebody else's stays; ours is known by its labels, whatever it is called.
                _start.OtherName = string.Create(CultureInfo.InvariantCulture, $"{ContainerRequest.Name(_key, _start.Spec)}-{_start.NameConflicts + 1}");
                LogOtherName(_key, name, _start.OtherName);
                CreateContainer();
            }
            else Fail(ReplicaStage.Create, key is null
                ? $"the name {name} is taken by a container that is not ours ({holder.Id[..Math.Min(12, holder.Id.Length)]}); remove or rename it: docker rename {name} {name}-old"
                : $"the name {name} is taken by {key}, which is {holder.Status}; it must be stopped first");
        },
        error =>
        {
            if (!EngineFaults.IsNotFound(error)) return false;
            RetryLater(_start!.NameConflicts, Locate);
            return true;
        });

    private void StartContainer(string id)
    {
        var start = _start!;
        start.IsCommitted = true;
        var issued = Now;
        Progress(ReplicaPhase.Starting, null);
        Step(
            ReplicaStage.Start,
            "starting the container",
            ChangeMax,
            async cancellation =>
            {
                await _engine.StartContainerAsync(id, cancellation);
                return await _engine.InspectContainerAsync(id, cancellation);
            },
            container =>
            {
                start.IsCommitted = false;
                start.EngineStartedAt = container.StartedAt ?? issued;

                // The engine's clock may be another machine's.
                start.StartedAt = start.EngineStartedAt < issued ? issued : start.EngineStartedAt > Now ? Now : start.EngineStartedAt.Value;
                EnterGate(container);
            },
            error =>
            {
                // What it was made with is gone, a network say, or somebody else has its address by now: make it anew.
                var isNetwork = EngineFaults.IsAddressRefused(error) || EngineFaults.IsNetworkGone(error);
                if (!isNetwork && (start.HasImage || !EngineFaults.IsNotFound(error))) return false;
                start.RefusedAddresses = start.RefusedAddresses.Union(start.Addresses.Values);
                start.IsCommitted = false;
                Replace(id, EngineFaults.Text(error));
                return true;
            });
    }

    private void Step(ReplicaStage stage, string what, TimeSpan bound, Func<CancellationToken, Task> call, Action done, Func<Exception, bool>? handled = null) => Step(
        stage,
        what,
        bound,
        async cancellation =>
        {
            await call(cancellation);
            return true;
        },
        _ => done(),
        handled);

    /// <summary>An engine call of a start: tried again a few times where that may help, else the start fails.</summary>
    /// <param name="handled">Sees a failure first; true when it has dealt with it.</param>
    private void Step<T>(ReplicaStage stage, string what, TimeSpan bound, Func<CancellationToken, Task<T>> call, Action<T> done, Func<Exception, bool>? handled = null) => Call(
        what,
        bound,
        call,
        result =>
        {
            _start!.Attempts = 0;
            if (StopsHere()) return;
            done(result);
        },
        error =>
        {
            if (StopsHere() || handled?.Invoke(error) == true) return;
            var start = _start!;

            // A port that the slot's former container is just giving back is a conflict that passes.
            var mayPass = EngineFaults.IsTemporary(error) || (stage == ReplicaStage.Start && EngineFaults.IsConflict(error));
            if (mayPass && ++start.Attempts < StepAttempts) RetryLater(start.Attempts, () =>
            {
                if (!StopsHere()) Step(stage, what, bound, call, done, handled);
            });
            else Fail(stage, $"{what} failed: {EngineFaults.Text(error)}");
        });

    private void RetryLater(int attempts, Action again) => Timers.StartSingleTimer(RetryTimer, new TimerMessage.Retry(again), StepBackoff * Math.Pow(2, attempts - 1));

    /// <summary>A stop has waited for the engine to end its call.</summary>
    private bool StopsHere()
    {
        if (_stop is not { HasBegun: false }) return false;
        AbortStart();
        BeginStop();
        return true;
    }

    private void AbortStart()
    {
        LogAborted(_key, _start!.Phase);
        EndStart();
    }

    /// <summary>Lets go of everything the start had under way; the container stays as it is.</summary>
    private void EndStart()
    {
        Release();
        AbandonAll();
        EndProbes();
        Timers.Cancel(DeadlineTimer);
        Timers.Cancel(RetryTimer);
        Timers.Cancel(MonitorTimer);
        Timers.Cancel(LookTimer);
        _afterLook = null;
        _networksToken = 0;
        _start = null;
    }

    private void Release()
    {
        if (_imageToken != 0 && _start is not null) _peers.Images.Tell(new ImagesMessage.Release(_start.Spec.Container.Image, _imageToken));
        _imageToken = 0;
    }

    private void ForgetFailure()
    {
        _failure = null;
        Timers.Cancel(ForgetTimer);
    }

    private void OnDeadline()
    {
        if (_start is not { IsFailing: false } start) return;
        var stage = start.Phase switch
        {
            null or ReplicaPhase.Creating => ReplicaStage.Create,
            ReplicaPhase.Pulling => ReplicaStage.Pull,
            ReplicaPhase.Starting => ReplicaStage.Start,
            ReplicaPhase.Gating => ReplicaStage.Gate,
            ReplicaPhase.Monitoring => ReplicaStage.Monitor,
            ReplicaPhase.Stopping => ReplicaStage.Stop,
            _ => throw new InvalidOperationException($"unknown phase {start.Phase}"),
        };
        var waitedFor = start.ProbeError is { } probe ? $"; the last probe said: {probe}" : "";
        Fail(stage, $"it had not passed its gate {Durations.Text(start.Spec.ProgressDeadline)} after the start was asked for (progress_deadline){waitedFor}");
    }

    /// <summary>Each change of phase; within a phase what changed, at most once a second.</summary>
    private void Progress(ReplicaPhase phase, string? detail)
    {
        var start = _start!;
        if (start.Phase == phase && (detail is null || detail == start.Told || (phase != ReplicaPhase.Pulling && Now - start.ToldAt < TimeSpan.FromSeconds(1)))) return;
        if (start.Phase != phase) LogPhase(_key, start.Phase, phase);
        start.Phase = phase;
        start.Told = detail;
        start.ToldAt = Now;
        foreach (var id in start.Ids) Publish(new AgentEvent.ReplicaProgressed(id, _key, phase, detail));
    }
}
