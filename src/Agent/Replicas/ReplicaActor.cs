using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Images;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Networks;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary><c>/user/agent/replica-&lt;container name&gt;</c>: the only one that starts, stops and removes this replica's container.</summary>
internal sealed partial class ReplicaActor : EngineCaller
{
    private const string DeadlineTimer = "deadline";
    private const string ProbeTimer = "probe";
    private const string MonitorTimer = "monitor";
    private const string RetryTimer = "retry";
    private const string LookTimer = "look";
    private const string ForgetTimer = "forget";

    /// <summary>Calls that only read.</summary>
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(20);

    /// <summary>Create and start may copy an image's folders into new volumes.</summary>
    private static readonly TimeSpan ChangeMax = TimeSpan.FromMinutes(2);

    /// <summary>A fresh look is for the order of what is reported; without an answer the report goes out all the same.</summary>
    private static readonly TimeSpan LookMax = TimeSpan.FromSeconds(5);

    /// <summary>How long a failure is remembered to answer a repeated command, if nothing removes the replica.</summary>
    private static readonly TimeSpan FailureKept = TimeSpan.FromMinutes(30);

    private readonly ReplicaKey _key;
    private readonly IEngine _engine;
    private readonly AgentOptions _options;
    private readonly ReplicaPeers _peers;
    private readonly ILogger _logger;

    private readonly Dictionary<long, string> _prepares = [];
    private StartJob? _start;
    private StopJob? _stop;

    /// <summary>Waits for the end of the stop under way.</summary>
    private AgentCommand.StartReplica? _startNext;

    private (IReadOnlyList<string> Ids, FailureReport Report)? _failure;
    private ContainerDetails? _observed;
    private ReplicaVerdict _verdict = ReplicaVerdict.Unknown;
    private Action? _afterLook;
    private long _lookTicket;
    private long _ticket;
    private long _received;

    public ReplicaActor(ReplicaKey key, IEngine engine, AgentOptions options, ReplicaPeers peers, ILogger logger)
    {
        _key = key;
        _engine = engine;
        _options = options;
        _peers = peers;
        _logger = logger;

        FromAgent<AgentCommand.PrepareReplica>(OnPrepare);
        FromAgent<AgentCommand.StartReplica>(OnStart);
        FromAgent<AgentCommand.StopReplica>(OnStop);
        FromAgent<ReplicaMessage.Observed>(observed => OnObserved(observed.Container));
        FromAgent<ReplicaMessage.Gone>(gone => OnGone(gone.ContainerId));
        Receive<EngineMessage.Looked>(looked => OnLooked(looked.Ticket));
        Receive<ImagesMessage.Progressed>(progressed => OnPullProgress(progressed.Token, progressed.Detail));
        Receive<ImagesMessage.Ensured>(ensured => OnImage(ensured.Token, null));
        Receive<ImagesMessage.Failed>(failed => OnImage(failed.Token, failed.Message));
        Receive<NetworksMessage.Done>(done => OnNetworks(done.Token, done.Addresses, null));
        Receive<NetworksMessage.Failed>(failed => OnNetworks(failed.Token, ImmutableSortedDictionary<string, string>.Empty, failed));
        Receive<TimerMessage.Deadline>(_ => OnDeadline());
        Receive<TimerMessage.Probe>(_ => OnProbeDue());
        Receive<TimerMessage.MonitorOver>(_ => Seal());
        Receive<TimerMessage.Retry>(retry => retry.Again());
        Receive<TimerMessage.LookOverdue>(_ => OnLooked(_lookTicket));
        Receive<TimerMessage.BudgetDue>(_ => OnBudgetDue());
        Receive<TimerMessage.Forget>(_ =>
        {
            _failure = null;
            RetireIfIdle();
        });
    }

    private bool IsIdle => _start is null && _stop is null && _afterLook is null && _prepares.Count == 0;

    protected override void PreStart() => Context.Parent.Tell(new ReplicaMessage.Introduce(_key));

    /// <summary>A defect here must not leave the coordinator waiting: what is under way is answered before the state is lost.</summary>
    protected override void PreRestart(Exception reason, object? message)
    {
        var report = new FailureReport { Stage = _stop is null ? ReplicaStage.Create : ReplicaStage.Stop, Message = $"the agent had an error of its own ({reason.GetType().Name}: {reason.Message}); the command may be repeated" };
        foreach (var id in (_start?.Ids ?? []).Concat(_stop?.Ids ?? [])) Publish(new AgentEvent.ReplicaFailed(id, _key, report));
        if (_startNext is { } next) Publish(new AgentEvent.ReplicaFailed(next.CommandId, _key, report));
        Release();
        base.PreRestart(reason, message);
    }

    private static void Publish(AgentEvent happened) => Context.Parent.Tell(happened);

    private void FromAgent<T>(Action<T> handler) => Receive<T>(message =>
    {
        _received++;
        handler(message);
    });

    private void OnPrepare(AgentCommand.PrepareReplica command)
    {
        var token = ++_ticket;
        _prepares[token] = command.CommandId;
        Publish(new AgentEvent.ReplicaProgressed(command.CommandId, _key, ReplicaPhase.Pulling, null));
        _peers.Images.Tell(new ImagesMessage.Ensure(command.Spec.Container.Image, command.Spec.MayPull, token));
    }

    private void OnPrepared(long token, string id, string? error)
    {
        _prepares.Remove(token);
        Publish(error is null
            ? new AgentEvent.ReplicaPrepared(id, _key)
            : new AgentEvent.ReplicaFailed(id, _key, new FailureReport { Stage = ReplicaStage.Pull, Message = error }));
        RetireIfIdle();
    }

    private void OnObserved(ContainerDetails container)
    {
        _observed = container;
        if (_start is { IsFailing: false, IsSealed: false } start && start.ContainerId == container.Id && start.EngineStartedAt is not null)
        {
            if (CheckRunning(container)) TakeEnginesWord(container);
        }
        else if (_start is null && _stop is null)
        {
            CountRestarts(container);
            ProbeIfUnverified();
        }
    }

    private void OnGone(string containerId)
    {
        if (_observed?.Id == containerId) _observed = null;
        if (_start is { IsFailing: false, IsSealed: false } start && start.ContainerId == containerId && start.EngineStartedAt is not null)
        {
            Fail(start.IsReady ? ReplicaStage.Monitor : ReplicaStage.Gate, "the container was removed by somebody else while it was in its gate");
            return;
        }

        if (IsIdle) Judge(ReplicaStanding.Unknown);
        RetireIfIdle();
    }

    /// <summary>Has the container inspected afresh and reported, and then goes on: so the coordinator sees the container's new state before the answer.</summary>
    private void LookThen(string container, Action next)
    {
        _afterLook = next;
        _peers.Watcher.Tell(new EngineMessage.Look(container, Self, ++_lookTicket));
        Timers.StartSingleTimer(LookTimer, new TimerMessage.LookOverdue(), LookMax);
    }

    private void OnLooked(long ticket)
    {
        if (ticket != _lookTicket || _afterLook is not { } next) return;
        Timers.Cancel(LookTimer);
        _afterLook = null;
        next();
    }

    private void Judge(ReplicaStanding standing, DateTimeOffset? verifiedStart = null, DateTimeOffset? keptStart = null)
    {
        var verdict = new ReplicaVerdict(standing, verifiedStart ?? _verdict.VerifiedStart, keptStart ?? (standing is ReplicaStanding.InGate or ReplicaStanding.Passed ? _verdict.KeptStart : null));
        if (verdict == _verdict) return;
        _verdict = verdict;
        Context.Parent.Tell(new ReplicaMessage.Judged(_key, verdict));
    }

    private void RetireIfIdle()
    {
        if (IsIdle && _observed is null && _failure is null) Context.Parent.Tell(new ReplicaMessage.Retire(_key, _received));
    }

    private EngineFilters OwnContainer() => EngineFilters.Label(
        $"{ReplicaLabels.Stack}={_key.Stack}", $"{ReplicaLabels.Service}={_key.Service}", $"{ReplicaLabels.Slot}={_key.Slot}", $"{ReplicaLabels.Revision}={_key.Revision}");

    /// <summary>By labels, for the file may have chosen the name. The newest, should there be several; null for none.</summary>
    private async Task<ContainerDetails?> LocateAsync(CancellationToken cancellation)
    {
        var found = await _engine.ListContainersAsync(OwnContainer(), all: true, cancellation);
        try
        {
            return found.Count == 0 ? null : await _engine.InspectContainerAsync(found.MaxBy(summary => summary.Created)!.Id, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            return null;
        }
    }

    private abstract record TimerMessage
    {
        public sealed record Deadline : TimerMessage;

        public sealed record Probe : TimerMessage;

        public sealed record MonitorOver : TimerMessage;

        public sealed record Retry(Action Again) : TimerMessage;

        public sealed record LookOverdue : TimerMessage;

        public sealed record Forget : TimerMessage;

        public sealed record BudgetDue : TimerMessage;
    }
}
