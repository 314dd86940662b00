using System.Collections.Immutable;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Networks;

/// <summary>Networks that their stack's file has no longer: removed once nothing uses them.</summary>
internal sealed partial class NetworksActor
{
    private const string CollectTimer = "collect";

    /// <summary>How soon a network goes after the last container that had it.</summary>
    private static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(30);

    /// <summary>A replica that asked for a network may not have its container yet: pulls come before, so this is long.</summary>
    private static readonly TimeSpan EnsuredFor = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, NetworksMessage.Keep> _kept = new(StringComparer.Ordinal);

    /// <summary>Stacks that may have something left to remove.</summary>
    private readonly HashSet<string> _uncollected = new(StringComparer.Ordinal);

    /// <summary>By network, when a replica asked for it last. Used by one question at a time.</summary>
    private readonly Dictionary<string, DateTimeOffset> _ensured = new(StringComparer.Ordinal);

    /// <summary>Stacks of which the last look has found something still in use, or could not remove it.</summary>
    private ImmutableArray<string> _left = [];

    private bool _isCollecting;

    private void OnKeep(NetworksMessage.Keep keep)
    {
        _kept[keep.Stack] = keep;
        _uncollected.Add(keep.Stack);
        if (!Timers.IsTimerActive(CollectTimer)) Timers.StartPeriodicTimer(CollectTimer, new CollectTick(), CollectEvery);
        OnCollect();
    }

    private void OnCollect()
    {
        if (_isCollecting) return;
        if (_uncollected.Count == 0)
        {
            Timers.Cancel(CollectTimer);
            return;
        }

        _isCollecting = true;
        var kept = _kept.Values.SelectMany(keep => keep.Networks).Concat(_span is { } span ? span.Slices.Select(slice => slice.Slice.EngineName) : []);
        Enqueue(new Question(ActorRefs.Nobody, new Collect([.. _uncollected], [.. kept]), 0));
        _uncollected.Clear();
    }

    private async Task<ImmutableSortedDictionary<string, string>> CollectAsync(Collect collect, DateTimeOffset now, CancellationToken cancellation)
    {
        foreach (var old in _ensured.Where(ensured => now - ensured.Value >= EnsuredFor).Select(ensured => ensured.Key).ToArray()) _ensured.Remove(old);
        var left = new HashSet<string>(StringComparer.Ordinal);
        foreach (var stack in collect.Stacks)
        {
            var networks = await _engine.ListNetworksAsync(EngineFilters.Label($"{ReplicaLabels.Stack}={stack}"), cancellation);
            var surplus = networks.Where(network => !collect.Kept.Contains(network.Name)).ToArray();
            if (surplus.Length == 0) continue;
            var used = (await _engine.ListContainersAsync(EngineFilters.None, all: true, cancellation)).SelectMany(container => container.Addresses.Keys).ToHashSet(StringComparer.Ordinal);
            foreach (var network in surplus)
            {
                if (used.Contains(network.Name) || _ensured.ContainsKey(network.Name) || !await TryRemoveAsync(network, cancellation)) left.Add(stack);
            }
        }

        _left = [.. left];
        return ImmutableSortedDictionary<string, string>.Empty;
    }

    private async Task<bool> TryRemoveAsync(NetworkDetails network, CancellationToken cancellation)
    {
        try
        {
            await RemoveNetworkAsync(network.Id, network.Name, cancellation);
            LogNetworkRemoved(network.Name);
            return true;
        }
        catch (Exception e) when (e is EngineException or LinkException)
        {
            // Somebody connects to it just now, or the engine is away: it is tried again.
            LogNetworkNotRemoved(network.Name, EngineFaults.Text(e));
            return false;
        }
    }

    /// <summary>What is left, and what was said meanwhile, is looked at with the next tick.</summary>
    private void EndCollect(Collect collect, bool isDone)
    {
        _isCollecting = false;
        _uncollected.UnionWith(isDone ? _left : collect.Stacks);
    }

    private sealed record CollectTick;

    /// <param name="Kept">Engine names, over all stacks.</param>
    private sealed record Collect(ImmutableArray<string> Stacks, ImmutableHashSet<string> Kept) : NetworksMessage;
}
