using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Ingress;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Traffic;

/// <summary>
/// <c>/user/agent/traffic</c>: the tables of every stack, and who of the host's sinks shows them. Its children are the sinks. After a start nothing is passed on
/// before every stack's table is here: what an earlier agent made goes on serving meanwhile.
/// </summary>
internal sealed partial class TrafficActor : ReceiveActor, IWithTimers
{
    /// <summary>A sink that was restarted knows nothing; one that has it all does nothing.</summary>
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromSeconds(15);

    /// <summary>Who asks waits for 5 s.</summary>
    private static readonly TimeSpan CountMax = TimeSpan.FromSeconds(4);

    private readonly ImmutableSortedDictionary<string, Props> _props;
    private readonly ILogger _logger;
    private readonly SortedDictionary<string, Sink> _sinks = new(StringComparer.Ordinal);
    private readonly List<Round> _rounds = [];
    private readonly Dictionary<string, (string Endpoint, long Since)[]> _draining = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AgentEvent.TrafficApplied> _said = new(StringComparer.Ordinal);
    private ImmutableHashSet<string>? _awaited;
    private HostTraffic _traffic = HostTraffic.Empty;
    private long _number;

    /// <param name="sinks">By name: <c>ingress</c>, <c>names</c>, <c>networks</c>, <c>templates</c>.</param>
    public TrafficActor(ImmutableSortedDictionary<string, Props> sinks, ILogger logger)
    {
        _props = sinks;
        _logger = logger;
        Receive<AgentCommand.BeginTraffic>(Begin);
        Receive<AgentCommand.ApplyTraffic>(Take);
        Receive<AgentCommand.ChangeTraffic>(Change);
        Receive<AgentCommand.CountTraffic>(Count);
        Receive<SinkMessage.Applied>(m => Note(m.Sink, m.Number, s => s with { Applied = Math.Max(s.Applied, m.Number), Problem = m.Number >= _number ? null : s.Problem, Refused = m.Number >= s.Applied ? m.Refused : s.Refused }));
        Receive<SinkMessage.Hindered>(m => Note(m.Sink, m.Number, s => s with { Problem = m.Number >= s.Applied ? m.Problem : s.Problem }));
        Receive<SinkMessage.Drained>(m => Note(m.Sink, _number, s => s with { Drained = m.Endpoints }));
        Receive<Repeat>(_ => OnRepeat());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        foreach (var (name, props) in _props) _sinks[name] = new Sink(Context.ActorOf(props, name), 0, [], null, ImmutableSortedDictionary<string, TrafficProblem>.Empty);
        Timers.StartPeriodicTimer(nameof(Repeat), new Repeat(), RepeatInterval);
    }

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(new TrafficForgotten());
    }

    private void Begin(AgentCommand.BeginTraffic begin)
    {
        var listed = begin.Stacks.ToImmutableHashSet(StringComparer.Ordinal);
        var left = _traffic.Stacks.RemoveRange(_traffic.Stacks.Keys.Where(stack => !listed.Contains(stack)));
        var isFewer = left.Count != _traffic.Stacks.Count;
        _traffic = new HostTraffic(left);
        _awaited = listed.Except(left.Keys);

        // What was said before went to a coordinator that may not remember it.
        _said.Clear();
        if (_awaited.IsEmpty && (isFewer || _number == 0)) Advance();
        Report();
    }

    private void Take(AgentCommand.ApplyTraffic command)
    {
        var stack = command.Table.Stack;
        _said.Remove(stack);
        _awaited = _awaited?.Remove(stack);
        _traffic = new HostTraffic(_traffic.Stacks.SetItem(stack, command));
        if (_awaited is { IsEmpty: true }) Advance();
    }

    /// <summary>To the version that it is a change of, and to no other.</summary>
    private void Change(AgentCommand.ChangeTraffic command)
    {
        var change = command.Change;
        if (_traffic.Stacks.GetValueOrDefault(change.Stack) is { Table: { IsRemoved: false } table } known && table.Version == change.Base)
        {
            Take(known with { CommandId = command.CommandId, Table = change.Of(table) });
        }
        else
        {
            Context.Parent.Tell(new AgentEvent.TrafficMissed(command.CommandId));
        }
    }

    /// <summary>The ingress is the one sink that counts; a host without has nothing to tell.</summary>
    private void Count(AgentCommand.CountTraffic command)
    {
        var none = new AgentEvent.TrafficCounted { CommandId = command.CommandId };
        if (!_sinks.TryGetValue(IngressActor.SinkName, out var ingress))
        {
            Context.Parent.Tell(none);
            return;
        }

        var known = _traffic.Stacks.TryGetValue(command.Stack, out var stack)
            ? stack.Table.Services.SelectMany(service => service.Endpoints).Select(endpoint => endpoint.Id).ToImmutableHashSet(StringComparer.Ordinal)
            : [];
        ingress.Actor
            .Ask<IngressMessage.Counters>(new IngressMessage.GetCounters(_number), CountMax)
            .PipeTo(
                Context.Parent,
                Self,
                counters => none with { Endpoints = [.. counters.Endpoints.Where(pair => known.Contains(pair.Key)).Select(pair => pair.Value.Tally(pair.Key))], Error = counters.Error },
                error => none with { Error = $"its ingress does not answer: {error.Message}" });
    }

    /// <summary>A new round: every sink is asked for all of it.</summary>
    private void Advance()
    {
        _number++;
        _rounds.Add(new Round(_number, _traffic.Stacks.ToImmutableDictionary(s => s.Key, s => s.Value.Table.Version, StringComparer.Ordinal)));
        foreach (var (stack, command) in _traffic.Stacks)
        {
            var before = _draining.GetValueOrDefault(stack, []);
            _draining[stack] =
            [
                .. command.Table.Services.SelectMany(s => s.Endpoints)
                    .Where(e => e.State == EndpointState.Draining)
                    .Select(e => before.FirstOrDefault(b => b.Endpoint == e.Id) is { Endpoint: not null } known ? known : (e.Id, _number)),
            ];
        }

        foreach (var gone in _draining.Keys.Where(stack => !_traffic.Stacks.ContainsKey(stack)).ToArray()) _draining.Remove(gone);
        var draining = _draining.Values.SelectMany(list => list).Select(d => d.Endpoint).ToHashSet(StringComparer.Ordinal);
        foreach (var name in _sinks.Keys.ToArray()) _sinks[name] = _sinks[name] with { Drained = _sinks[name].Drained.Intersect(draining) };
        PassOn();
        Report();
    }

    private void OnRepeat()
    {
        if (_awaited is { IsEmpty: false } missing) LogAwaited(string.Join(", ", missing.Order(StringComparer.Ordinal)));
        PassOn();
    }

    private void PassOn()
    {
        if (_awaited is not { IsEmpty: true }) return;
        foreach (var sink in _sinks.Values) sink.Actor.Tell(new SinkMessage.Apply(_number, _traffic));
    }

    private void Note(string name, long number, Func<Sink, Sink> change)
    {
        if (!_sinks.TryGetValue(name, out var sink) || number > _number) return;
        var next = change(sink);
        if (next.Problem is { } problem && problem != sink.Problem) LogHindered(problem.Sink, problem.Message);
        _sinks[name] = next;
        Report();
    }

    /// <summary>Says what has changed of what the coordinator was told last.</summary>
    private void Report()
    {
        var all = _sinks.Count == 0 ? _number : _sinks.Values.Min(sink => sink.Applied);
        var shown = _rounds.LastOrDefault(round => round.Number <= all);
        if (shown is not null) _rounds.RemoveAll(round => round.Number < shown.Number);
        var problems = _sinks.Values.Select(sink => sink.Problem).OfType<TrafficProblem>().ToImmutableArray();
        foreach (var (stack, command) in _traffic.Stacks)
        {
            var refused = _sinks.Values.Select(sink => sink.Refused.GetValueOrDefault(stack)).OfType<TrafficProblem>().ToImmutableArray();
            var version = shown?.Versions.GetValueOrDefault(stack) ?? 0;
            var report = new AgentEvent.TrafficApplied
            {
                CommandId = command.CommandId,
                Stack = stack,

                // What is refused keeps the stack at what it showed before, and no other one.
                Version = refused.IsEmpty ? version : Math.Min(version, _said.GetValueOrDefault(stack)?.Version ?? 0),
                Drained = [.. _draining.GetValueOrDefault(stack, []).Where(IsDrained).Select(d => d.Endpoint).Order(StringComparer.Ordinal)],
                Problems = [.. problems, .. refused],
            };
            if (_said.TryGetValue(stack, out var said) && IsSame(said, report)) continue;
            _said[stack] = report;
            Context.Parent.Tell(report);
        }
    }

    /// <summary>Every sink has let go of it since it was asked to.</summary>
    private bool IsDrained((string Endpoint, long Since) draining) => _sinks.Values.All(sink => sink.Applied >= draining.Since && sink.Drained.Contains(draining.Endpoint));

    private static bool IsSame(AgentEvent.TrafficApplied a, AgentEvent.TrafficApplied b) =>
        a.Version == b.Version && a.Drained.SequenceEqual(b.Drained, StringComparer.Ordinal) && a.Problems.SequenceEqual(b.Problems);

    /// <param name="Applied">The newest number it has said it shows.</param>
    /// <param name="Drained">As it said last.</param>
    /// <param name="Refused">By stack, as it said with <paramref name="Applied"/>.</param>
    private sealed record Sink(IActorRef Actor, long Applied, ImmutableHashSet<string> Drained, TrafficProblem? Problem, ImmutableSortedDictionary<string, TrafficProblem> Refused);

    /// <param name="Versions">By stack, the version that this number carried.</param>
    private sealed record Round(long Number, ImmutableDictionary<string, long> Versions);

    private sealed record Repeat;
}
