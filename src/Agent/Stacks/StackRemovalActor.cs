using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Replicas;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Stacks;

/// <summary><c>/user/agent/remove-…</c>: takes one stack off the host: its replicas through their own actors, then what else carries its label, then networks and volumes.</summary>
internal sealed partial class StackRemovalActor : EngineCaller
{
    private const string GiveUpTimer = "give-up";

    private static readonly TimeSpan ListMax = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan RemoveMax = TimeSpan.FromMinutes(2);

    /// <summary>Stops are bounded each by its own grace period; this bounds what nobody else does.</summary>
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(2);

    private readonly AgentCommand.RemoveStack _command;
    private readonly IEngine _engine;
    private readonly IActorRef _networks;
    private readonly ILogger _logger;
    private readonly HashSet<string> _waiting = [];
    private readonly List<string> _errors = [];

    /// <param name="known">Replicas of the stack that the agent knows, also those that have no container yet.</param>
    public StackRemovalActor(AgentCommand.RemoveStack command, ImmutableArray<ReplicaKey> known, IEngine engine, IActorRef networks, ILogger logger)
    {
        _command = command;
        _engine = engine;
        _networks = networks;
        _logger = logger;
        Receive<Begin>(_ => Call("listing the stack's containers", ListMax, ListAsync, listed => StopAll(known, listed), Finish));
        Receive<AgentEvent.ReplicaStopped>(stopped => OnReplica(stopped.CommandId, null));
        Receive<AgentEvent.ReplicaFailed>(failed => OnReplica(failed.CommandId, $"{failed.Key}: {failed.Report.Message}"));
        Receive<NetworksMessage.Done>(_ => Finish(null));
        Receive<NetworksMessage.Failed>(failed =>
        {
            _errors.Add(failed.Message);
            Finish(null);
        });
        Receive<GiveUp>(_ => Finish(new TimeoutException($"removing the stack took longer than {Durations.Text(GiveUpAfter)}")));
    }

    protected override void PreStart()
    {
        LogRemoving(_command.Stack);
        Timers.StartSingleTimer(GiveUpTimer, new GiveUp(), GiveUpAfter);
        Self.Tell(new Begin());
    }

    private Task<IReadOnlyList<ContainerSummary>> ListAsync(CancellationToken cancellation) =>
        _engine.ListContainersAsync(EngineFilters.Label($"{ReplicaLabels.Stack}={_command.Stack}"), all: true, cancellation);

    private void StopAll(ImmutableArray<ReplicaKey> known, IReadOnlyList<ContainerSummary> listed)
    {
        var number = 0;
        foreach (var key in known.Concat(listed.Select(summary => ReplicaObservation.Key(summary.Labels)).OfType<ReplicaKey>()).Distinct().ToArray())
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{_command.CommandId}/{++number}");
            _waiting.Add(id);
            Context.Parent.Tell(new StackRemovalStop(new AgentCommand.StopReplica { CommandId = id, Key = key, Retain = false }));
        }

        if (_waiting.Count == 0) RemoveRest();
    }

    private void OnReplica(string id, string? error)
    {
        if (error is not null) _errors.Add(error);
        if (_waiting.Remove(id) && _waiting.Count == 0) RemoveRest();
    }

    /// <summary>Containers whose labels name no replica: somebody has copied or damaged them.</summary>
    private void RemoveRest() => Call(
        "removing what is left of the stack",
        RemoveMax,
        async cancellation =>
        {
            foreach (var container in await ListAsync(cancellation))
            {
                if (ReplicaObservation.Key(container.Labels) is null) await RemoveAsync(container.Id, cancellation);
            }
        },
        () => _networks.Tell(new NetworksMessage.Remove(_command.Networks, _command.Volumes, 1)),
        Finish);

    private async Task RemoveAsync(string container, CancellationToken cancellation)
    {
        try
        {
            await _engine.RemoveContainerAsync(container, force: true, volumes: true, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            // Somebody was quicker.
        }
    }

    private void Finish(Exception? error)
    {
        if (error is not null) _errors.Add(EngineFaults.Text(error));
        var text = _errors.Count == 0 ? null : $"stack {_command.Stack} is not wholly removed: {string.Join("; ", _errors)}";
        LogRemoved(_command.Stack, text ?? "all gone");
        Context.Parent.Tell(new AgentEvent.StackRemoved(_command.CommandId, text));
        Context.Stop(Self);
    }

    private sealed record Begin;

    private sealed record GiveUp;
}
