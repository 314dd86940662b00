using System.Collections.Immutable;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>The agent's sink in the place of the one that drives HAProxy: as slow as it is told, and true to what it acknowledges.</summary>
internal sealed class SimIngressActor : ReceiveActor, IWithTimers
{
    private const string Name = IngressActor.SinkName;

    /// <summary>How often the real one looks whether its process still runs.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    /// <summary>To each endpoint, from each ingress.</summary>
    private const int RequestsPerSecond = 20;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly World _world;
    private readonly SimHost _host;
    private readonly SimProcess _process;
    private (SinkMessage.Apply Apply, IActorRef Asker)? _wanted;
    private long _shown;
    private ImmutableHashSet<string>? _drained;

    public SimIngressActor(World world, SimHost host, SimProcess process)
    {
        (_world, _host, _process) = (world, host, process);
        Receive<SinkMessage.Apply>(OnApply);
        Receive<Show>(_ => OnShow());
        Receive<Look>(_ => OnLook());
        Receive<Closed>(_ => TellDrained());
        Receive<IngressMessage.GetCounters>(m => Sender.Tell(new IngressMessage.Counters(m.Token, Counters(), null)));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Look), new Look(), LookInterval);

    private void OnApply(SinkMessage.Apply apply)
    {
        var isNews = _wanted is not { } wanted || wanted.Apply.Number != apply.Number;
        _wanted = (apply, Sender);
        _drained = null;
        if (!isNews && _shown == apply.Number)
        {
            TellDrained();
            Sender.Tell(new SinkMessage.Applied(Name, apply.Number));
            return;
        }

        if (_world.Options.Mutation.AcknowledgesEarly) Sender.Tell(new SinkMessage.Applied(Name, apply.Number));
        if (isNews) Timers.StartSingleTimer(nameof(Show), new Show(), _world.Dice.Between(TimeSpan.FromMilliseconds(1), _world.Options.IngressDelayMax));
    }

    private void OnShow()
    {
        if (!_process.IsAlive || _wanted is not { } wanted) return;
        if (_host.Ingress.IsStuck)
        {
            wanted.Asker.Tell(new SinkMessage.Hindered(Name, wanted.Apply.Number, new TrafficProblem(Name, "the ingress does not answer", IsFinal: false)));
            Timers.StartSingleTimer(nameof(Show), new Show(), RetryInterval);
            return;
        }

        var served = _host.Ingress.Endpoints.Where(e => e.State == EndpointState.Serving).Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        _host.Ingress.Show(_world.Options.Mutation.Shown(_host, wanted.Apply.Traffic), _world.Now);
        _shown = wanted.Apply.Number;
        _world.OnShown(_host);
        Drain(wanted.Apply.Traffic, served);
        TellDrained();
        wanted.Asker.Tell(new SinkMessage.Applied(Name, wanted.Apply.Number));
    }

    private void OnLook()
    {
        if (_process.IsAlive && _shown > 0 && !_host.Ingress.IsAlive) OnShow();
    }

    private ImmutableSortedDictionary<string, EndpointCounters> Counters() => _host.Ingress.ServingSince.ToImmutableSortedDictionary(
        s => s.Key,
        s =>
        {
            var requests = (long)((_world.Now - s.Value).TotalSeconds * RequestsPerSecond);
            return EndpointCounters.None with { Requests = requests, SessionsTotal = requests, ServerErrors = IsWrong(s.Key) ? requests : 0 };
        },
        StringComparer.Ordinal);

    private bool IsWrong(string endpoint) => endpoint.Split('@') is [var name, var host] && _world.Host(host).Find(name) is { } container && container.Request.Image.Contains($":{Images.Wrong}", StringComparison.Ordinal);

    /// <summary>What was open when it began to drain ends when it likes, and at the latest when its time is up.</summary>
    private void Drain(HostTraffic traffic, HashSet<string> served)
    {
        var open = _host.Ingress.OpenUntil;
        var now = _world.Now;
        var draining = traffic.Draining.ToDictionary(e => e.Id, StringComparer.Ordinal);
        foreach (var gone in open.Keys.Where(id => !draining.ContainsKey(id)).ToList()) open.Remove(gone);
        foreach (var endpoint in draining.Values.OrderBy(e => e.Id, StringComparer.Ordinal))
        {
            if (!open.ContainsKey(endpoint.Id)) open[endpoint.Id] = now + (!served.Contains(endpoint.Id) || _world.Dice.Chance(0.5) ? TimeSpan.Zero : _world.Dice.Between(TimeSpan.Zero, endpoint.DrainTimeout));
        }
    }

    private void TellDrained()
    {
        if (!_process.IsAlive || _wanted is not { } wanted) return;
        var now = _world.Now;
        var closed = _host.Ingress.OpenUntil.Where(o => o.Value <= now).Select(o => o.Key).ToImmutableHashSet(StringComparer.Ordinal);
        if (_drained?.SetEquals(closed) != true)
        {
            _drained = closed;
            wanted.Asker.Tell(new SinkMessage.Drained(Name, closed));
        }

        var next = _host.Ingress.OpenUntil.Values.Where(at => at > now).Order().Cast<DateTimeOffset?>().FirstOrDefault();
        if (next is { } due) Timers.StartSingleTimer(nameof(Closed), new Closed(), due - now);
    }

    private sealed record Show;

    private sealed record Look;

    private sealed record Closed;
}
