using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Networks;

/// <summary>The sink <c>networks</c>: this host is joined with the others on every network of the traffic, also where no replica of it runs here, for its ingress connects through them.</summary>
internal sealed partial class OverlayActor : ReceiveActor, IWithTimers
{
    public const string SinkName = "networks";

    private const string RetryTimer = "retry";

    private static readonly TimeSpan RetryMin = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(15);

    private readonly IActorRef _networks;
    private readonly ILogger _logger;
    private SinkMessage.Apply? _wanted;
    private IActorRef _asker = ActorRefs.Nobody;
    private string? _hindrance;
    private int _failures;
    private long _question;

    /// <param name="networks"><c>/user/agent/networks</c>.</param>
    public OverlayActor(IActorRef networks, ILogger logger)
    {
        _networks = networks;
        _logger = logger;
        Receive<SinkMessage.Apply>(OnApply);
        Receive<NetworksMessage.Done>(done => OnDone(done.Token));
        Receive<NetworksMessage.Failed>(OnFailed);
        Receive<Again>(_ => Ask());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private void OnApply(SinkMessage.Apply apply)
    {
        _wanted = apply;
        _asker = Sender;
        _failures = 0;
        Timers.Cancel(RetryTimer);

        // A network ends no connection: whatever drains has nothing open here.
        var draining = apply.Traffic.Draining.Select(e => e.Id);
        _asker.Tell(new SinkMessage.Drained(SinkName, draining.ToImmutableHashSet(StringComparer.Ordinal)));
        Ask();
    }

    private void Ask()
    {
        if (_wanted is not { } wanted) return;
        var stacks = wanted.Traffic.Stacks;
        var shown = stacks.Where(s => !s.Value.Table.IsRemoved).ToArray();
        _networks.Tell(new NetworksMessage.Span(
            [.. shown.SelectMany(s => s.Value.Overlays.Select(slice => (s.Key, slice)))],
            [.. shown.SelectMany(s => s.Value.Peers)],
            stacks.Where(s => s.Value.Table.IsRemoved).Select(s => s.Key).ToImmutableSortedSet(StringComparer.Ordinal),
            ++_question));
    }

    private void OnDone(long token)
    {
        if (token != _question || _wanted is not { } wanted) return;
        if (_hindrance is not null) LogUnhindered(wanted.Number);
        _hindrance = null;
        _asker.Tell(new SinkMessage.Applied(SinkName, wanted.Number));
    }

    private void OnFailed(NetworksMessage.Failed failed)
    {
        if (failed.Token != _question || _wanted is not { } wanted) return;
        if (_hindrance != failed.Message) LogHindered(wanted.Number, failed.Message);
        _hindrance = failed.Message;
        _asker.Tell(new SinkMessage.Hindered(SinkName, wanted.Number, new TrafficProblem(SinkName, failed.Message, IsFinal: false)));
        Timers.StartSingleTimer(RetryTimer, new Again(), DoublingPause.After(++_failures, RetryMin, RetryMax));
    }

    private sealed record Again;
}
