using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Store;

namespace Orchestrator.Networks;

/// <summary><c>/user/coordinator/networks</c>: keeps the allocations of networks that span hosts. Durable first, then answered. Only on a fleet.</summary>
internal sealed partial class NetworkAllocationActor : ReceiveActor, IWithTimers, IWithStash
{
    internal const string StoreKey = "overlay";

    private readonly OverlayOptions _options;
    private readonly IStore _store;
    private readonly ILogger _logger;
    private OverlayAllocations _allocations = OverlayAllocations.Empty;
    private int _loads;

    public NetworkAllocationActor(OverlayOptions options, IStore store, ILogger logger)
    {
        _options = options;
        _store = store;
        _logger = logger;
        ReceiveAsync<Load>(_ => LoadAsync());
        ReceiveAny(_ => Stash.Stash());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    protected override void PreStart() => Self.Tell(new Load());

    private async Task LoadAsync()
    {
        try
        {
            if (await _store.GetAsync(StoreKey, CancellationToken.None) is { } entry) _allocations = JsonSerializer.Deserialize(entry.Value, StoreJson.Default.OverlayAllocations)!;
        }
        catch (Exception e)
        {
            StoreRetry.LoadLater(Timers, new Load(), _logger, e, "the networks' addresses", ++_loads);
            return;
        }
        Become(Ready);
        Stash.UnstashAll();
    }

    private void Ready()
    {
        ReceiveAsync<AllocationMessage.Allocate>(AllocateAsync);
        ReceiveAsync<AllocationMessage.Keep>(m => SaveAsync(OverlayAllocator.Keep(_allocations, m.Stack, m.EngineNames.ToHashSet(StringComparer.Ordinal))));
        ReceiveAsync<AllocationMessage.Forget>(m => SaveAsync(OverlayAllocator.Forget(_allocations, m.Host)));
    }

    private async Task AllocateAsync(AllocationMessage.Allocate message)
    {
        var sender = Sender;
        var outcome = OverlayAllocator.Ensure(_allocations, _options, message.Stack, message.Networks, message.Hosts);
        if (!outcome.Errors.IsEmpty)
        {
            LogRefused(message.Stack, string.Join("; ", outcome.Errors));
            sender.Tell(new AllocationMessage.Refused(message.Stack, outcome.Errors, _allocations));
            return;
        }

        if (message.IsProposal)
        {
            sender.Tell(new AllocationMessage.Allocated(message.Stack, message.Networks, outcome.Allocations));
            return;
        }

        try
        {
            await SaveAsync(outcome.Allocations);
        }
        catch (Exception e)
        {
            // The asker must not wait for an answer that a restart would forget.
            sender.Tell(new AllocationMessage.Refused(message.Stack, [$"the networks' addresses could not be stored: {e.Message}"]));
            throw;
        }

        sender.Tell(new AllocationMessage.Allocated(message.Stack, message.Networks, _allocations));
    }

    private async Task SaveAsync(OverlayAllocations after)
    {
        if (ReferenceEquals(after, _allocations)) return;
        var json = JsonSerializer.Serialize(after, StoreJson.Default.OverlayAllocations);
        await _store.CommitAsync([new StoreChange.Put(StoreKey, json)], CancellationToken.None);
        LogChanges(_allocations, after);
        _allocations = after;
    }

    private void LogChanges(OverlayAllocations before, OverlayAllocations after)
    {
        foreach (var name in before.Networks.Keys.Except(after.Networks.Keys, StringComparer.Ordinal).ToImmutableArray()) LogFreed(name, before.Networks[name].Subnet);
        foreach (var name in after.Networks.Keys.Except(before.Networks.Keys, StringComparer.Ordinal).ToImmutableArray()) LogAllocated(name, after.Networks[name].Subnet, after.Networks[name].Vni);
    }

    private sealed record Load;
}
