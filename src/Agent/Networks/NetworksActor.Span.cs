using System.Collections.Immutable;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Networks;

/// <summary>Networks that span hosts: kept as the newest <see cref="NetworksMessage.Span"/> says.</summary>
internal sealed partial class NetworksActor
{
    private const string VerifyTimer = "verify";

    /// <summary>How soon a device that somebody has removed, or a bridge that the engine has made anew, is joined again.</summary>
    private static readonly TimeSpan VerifyEvery = TimeSpan.FromSeconds(10);

    private NetworksMessage.Span? _span;
    private string? _verifyError;
    private bool _isVerifying;

    private void OnSpan(NetworksMessage.Span span)
    {
        _span = span;
        if (span.Slices.IsEmpty) Timers.Cancel(VerifyTimer);
        else if (!Timers.IsTimerActive(VerifyTimer)) Timers.StartPeriodicTimer(VerifyTimer, new Verify(), VerifyEvery);
        Enqueue(new Question(Sender, span, span.Token));
    }

    private void OnVerify()
    {
        if (_isVerifying || _span is not { } span || _bridges is null) return;
        _isVerifying = true;
        _bridges.Distrust();
        Enqueue(new Question(ActorRefs.Nobody, span, span.Token) { IsVerify = true });
    }

    /// <summary>Each network by itself: one that fails holds back no other.</summary>
    private async Task<ImmutableSortedDictionary<string, string>> SpanAsync(NetworksMessage.Span span, CancellationToken cancellation)
    {
        // The newest counts, also for a question that waited behind it.
        var newest = _span ?? span;
        var errors = new List<Exception>();
        foreach (var slice in newest.Slices.DistinctBy(s => s.Slice.EngineName)) await TryAsync(() => SpanAsync(slice.Stack, slice.Slice, newest, cancellation), errors);
        foreach (var stack in newest.GoneStacks) await TryAsync(() => RemoveStackAsync(stack, newest, cancellation), errors);
        if (errors.Count == 0) return ImmutableSortedDictionary<string, string>.Empty;
        throw new SpanException(string.Join("; ", errors.Select(EngineFaults.Text).Distinct(StringComparer.Ordinal)), errors.TrueForAll(EngineFaults.IsTemporary));
    }

    private async Task SpanAsync(string stack, OverlaySlice slice, NetworksMessage.Span span, CancellationToken cancellation)
    {
        var peers = span.Peers.Where(p => p.Network == slice.EngineName && p.Gateway != slice.Gateway).Select(p => p.Address).ToImmutableSortedSet(StringComparer.Ordinal);
        await _keeper.EnsureAsync(stack, slice.Key, slice.Network, slice, cancellation);
        if (_bridges is not null) await _bridges.SetPeersAsync(slice.EngineName, peers, cancellation);
    }

    private async Task RemoveStackAsync(string stack, NetworksMessage.Span span, CancellationToken cancellation)
    {
        var kept = span.Slices.Select(s => s.Slice.EngineName).ToHashSet(StringComparer.Ordinal);
        foreach (var network in await _engine.ListNetworksAsync(EngineFilters.Label($"{ReplicaLabels.Stack}={stack}", NetworkLabels.Vni), cancellation))
        {
            if (kept.Contains(network.Name)) continue;
            try
            {
                await RemoveNetworkAsync(network.Id, network.Name, cancellation);
            }
            catch (EngineException e) when (e.Kind == EngineErrorKind.Conflict)
            {
                // Its containers are still being stopped; the stack's own removal comes back to it.
            }
        }
    }

    private static async Task TryAsync(Func<Task> step, List<Exception> errors)
    {
        try
        {
            await step();
        }
        catch (Exception e) when (e is EngineException or NetworkException or LinkException)
        {
            errors.Add(e);
        }
    }

    private void EndVerify(string? error)
    {
        _isVerifying = false;
        if (error is not null && error != _verifyError) LogVerifyFailed(error);
        _verifyError = error;
    }

    private sealed record Verify;

    private sealed class SpanException(string message, bool isTemporary) : Exception(message)
    {
        public bool IsTemporary => isTemporary;
    }
}
