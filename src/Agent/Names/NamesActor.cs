using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Names;

/// <summary>The sink <c>names</c>: answers containers of this host that ask for services by name.</summary>
internal sealed partial class NamesActor : ReceiveActor, IWithTimers
{
    public const string SinkName = "names";

    private const string RetryTimer = "retry";
    private const string DrainedTimer = "drained";

    private static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(2);

    private readonly INameServers _servers;
    private readonly ILogger _logger;

    /// <summary>What those before this one have answered is not known.</summary>
    private readonly DateTimeOffset _began = Now;

    /// <summary>When a draining endpoint was last answered, or may have been.</summary>
    private readonly Dictionary<string, DateTimeOffset> _leftOut = new(StringComparer.Ordinal);

    private SinkMessage.Apply? _wanted;
    private IActorRef _asker = ActorRefs.Nobody;
    private string? _hindrance;

    /// <param name="servers">Made anew for each incarnation, and its own.</param>
    public NamesActor(Func<INameServers> servers, ILogger logger)
    {
        _servers = servers();
        _logger = logger;
        Receive<SinkMessage.Apply>(OnApply);
        Receive<Again>(_ => Serve());
        Receive<TtlPassed>(_ => TellDrained());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override void PostStop()
    {
        _ = _servers.DisposeAsync().AsTask();
        base.PostStop();
    }

    private void OnApply(SinkMessage.Apply apply)
    {
        _wanted = apply;
        _asker = Sender;
        _servers.Show(NameTable.From(apply.Traffic));
        LeaveOut(apply.Traffic);
        Serve();
        TellDrained();
    }

    private void LeaveOut(HostTraffic traffic)
    {
        var draining = traffic.Draining.DistinctBy(e => e.Id).ToDictionary(e => e.Id, StringComparer.Ordinal);
        foreach (var gone in _leftOut.Keys.Where(id => !draining.ContainsKey(id)).ToArray()) _leftOut.Remove(gone);
        foreach (var (id, endpoint) in draining.Where(d => !_leftOut.ContainsKey(d.Key)))
        {
            var told = _servers.LastTold(endpoint.Addresses.Values);
            _leftOut[id] = told > _began ? told.Value : _began;
        }
    }

    private void Serve()
    {
        if (_wanted is not { } wanted) return;
        var addresses = wanted.Traffic.Stacks.Values.Where(s => !s.Table.IsRemoved).SelectMany(s => s.Overlays).Select(o => o.Gateway).ToImmutableSortedSet(StringComparer.Ordinal);
        var problems = _servers.Serve(addresses);
        if (problems.IsEmpty)
        {
            Timers.Cancel(RetryTimer);
            if (_hindrance is not null) LogUnhindered(wanted.Number);
            _hindrance = null;
            _asker.Tell(new SinkMessage.Applied(SinkName, wanted.Number));
            return;
        }

        var text = string.Join("; ", problems);
        if (text != _hindrance) LogHindered(wanted.Number, text);
        _hindrance = text;
        _asker.Tell(new SinkMessage.Hindered(SinkName, wanted.Number, new TrafficProblem(SinkName, text, IsFinal: false)));
        Timers.StartSingleTimer(RetryTimer, new Again(), RetryEvery);
    }

    /// <summary>A client may use what it was told for as long as the answer lives. Where nobody has asked there is nothing to wait for.</summary>
    private void TellDrained()
    {
        var now = Now;
        _asker.Tell(new SinkMessage.Drained(SinkName, _leftOut.Where(l => now - l.Value >= DnsReply.Ttl).Select(l => l.Key).ToImmutableHashSet(StringComparer.Ordinal)));
        var waiting = _leftOut.Values.Where(since => now - since < DnsReply.Ttl).ToArray();
        if (waiting.Length > 0) Timers.StartSingleTimer(DrainedTimer, new TtlPassed(), waiting.Min() + DnsReply.Ttl - now);
        else Timers.Cancel(DrainedTimer);
    }

    private sealed record Again;

    private sealed record TtlPassed;
}
