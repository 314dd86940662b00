using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Api;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Store;
using Orchestrator.Traffic;

namespace Orchestrator.Simulation;

/// <summary>
/// A fleet and its coordinator in one process, on one thread, in virtual time. Everything in it is the product's own but the links, the engines, the ingresses and
/// the store's latency. The seed decides every interleaving, delay and fault.
/// </summary>
internal sealed class World : IDisposable
{
    /// <summary>More turns than this at one instant is two actors that answer each other for ever.</summary>
    private const int TurnsPerInstantMax = 200_000;

    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<Checker> _checkers = [];

    /// <summary>All that were sent.</summary>
    private readonly Dictionary<(string Stack, long Version), TrafficTable> _tables = [];
    private readonly List<Client> _clients = [];
    private readonly List<ITimer> _timers = [];
    private readonly DateTimeOffset _begin;
    private long _numbers;

    public World(WorldOptions options)
    {
        Options = options;
        Dice = new Dice(options.Seed);
        _begin = Time.GetUtcNow();
        Dispatcher = new DeterministicDispatcher(Time, options.Seed);
        Coordinator = new SimCoordinator(this);
        Hosts = [.. Enumerable.Range(1, options.Hosts).Select(number => new SimHost(this, number))];
        _checkers.AddRange(Checks.All(this));
    }

    public WorldOptions Options { get; }

    public Dice Dice { get; }

    public VirtualTimeProvider Time { get; } = new();

    public DeterministicDispatcher Dispatcher { get; }

    public FakeRegistry Registry { get; } = new();

    public Trace Trace { get; } = new();

    public SimCoordinator Coordinator { get; }

    public ImmutableArray<SimHost> Hosts { get; }

    public IReadOnlyList<Client> Clients => _clients;

    public DateTimeOffset Now => Time.GetUtcNow();

    public TimeSpan Elapsed => Now - _begin;

    /// <summary>The first one: what follows it is often its consequence.</summary>
    public Violation? Violation { get; private set; }

    public long Steps { get; private set; }

    public SimHost Host(string name) => Hosts.First(host => host.Name == name);

    public long NextNumber() => ++_numbers;

    public World Start()
    {
        Coordinator.Start();
        foreach (var host in Hosts) host.StartAgent();
        return this;
    }

    public Client Ask(ChangeRequest request)
    {
        var client = new Client(this, _clients.Count + 1, request);
        _clients.Add(client);
        Tell("client", $"{client.Number} asks: {request.GetType().Name} {request.Stack}");
        foreach (var checker in _checkers) checker.OnRequest(client);
        client.OnCoordinator();
        return client;
    }

    /// <summary>Runs an action of the world's at its time.</summary>
    public void After(TimeSpan delay, Action action)
    {
        ITimer? timer = null;
        timer = Time.CreateTimer(
            _ =>
            {
                _timers.Remove(timer!);
                timer!.Dispose();
                action();
            },
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _timers.Add(timer);
        timer.Change(delay > TimeSpan.Zero ? delay : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    public void Advance(TimeSpan by) => AdvanceUntil(() => false, by);

    /// <returns>False when the time was up first, or a promise was broken.</returns>
    public bool AdvanceUntil(Func<bool> condition, TimeSpan limit)
    {
        var until = Now + limit;
        while (true)
        {
            for (var turns = 0; Dispatcher.Step(); turns++)
            {
                AfterStep();
                if (turns > TurnsPerInstantMax)
                {
                    Report("actors come to rest", $"after {TurnsPerInstantMax} turns at one instant they still have work");
                    return false;
                }
            }

            if (Violation is not null) return false;
            if (condition()) return true;
            if (!Time.FireNext(until)) break;
            AfterStep();
        }

        Time.Advance(until - Now);
        return condition();
    }

    public void Heal()
    {
        Tell("world", "nothing breaks any more");
        Coordinator.Heal();
        foreach (var host in Hosts) host.Heal();
    }

    public void Rest()
    {
        foreach (var checker in _checkers) checker.OnRest();
    }

    public void Report(string checker, string message)
    {
        if (Violation is not null) return;
        Violation = new Violation(Options.Seed, checker, Elapsed, message);
        Tell("VIOLATION", $"{checker}: {message}");
    }

    public void Tell(string who, string what) => Trace.Add(Elapsed, who, what);

    /// <summary>Whatever leaves the world's thread is not repeatable.</summary>
    public void AssertThread()
    {
        if (Environment.CurrentManagedThreadId != _thread) Report("one thread", $"something ran on another thread: {Environment.StackTrace}");
    }

    public void OnFault(SimHost? host, string what)
    {
        Tell(host?.Name ?? "coordinator", what);
        foreach (var checker in _checkers) checker.OnFault(host);
    }

    public void OnSent(SimHost host, AgentCommand command)
    {
        var seen = Whole(command);
        foreach (var checker in _checkers) checker.OnSent(host, seen);
    }

    public void OnDelivered(SimHost host, AgentCommand command)
    {
        Tell(host.Name, $"<- {command.GetType().Name} {command.CommandId}{(command is AgentCommand.ApplyTraffic apply ? string.Create(CultureInfo.InvariantCulture, $" v{apply.Table.Version}") : "")}");
        var seen = Whole(command);
        foreach (var checker in _checkers) checker.OnDelivered(host, seen);
    }

    /// <summary>A change of a table as the table it leads to, which is what checkers judge by.</summary>
    private AgentCommand Whole(AgentCommand command)
    {
        var whole = command is AgentCommand.ChangeTraffic { Change: var change }
            ? new AgentCommand.ApplyTraffic { CommandId = command.CommandId, Table = change.Of(_tables[(change.Stack, change.Base)]) }
            : command;
        if (whole is AgentCommand.ApplyTraffic { Table: var table }) _tables[(table.Stack, table.Version)] = table;
        return whole;
    }

    public void OnDelivered(SimHost host, AgentEvent happened)
    {
        Tell(host.Name, $"-> {Words.Of(happened)}");
        foreach (var checker in _checkers) checker.OnDelivered(host, happened);
    }

    public void OnEngineCall(SimHost host, string operation, string subject, bool isBefore)
    {
        if (isBefore && Words.Changes(operation)) Tell(host.Name, $"   {operation} {Words.Container(host, subject)}");
        foreach (var checker in _checkers) checker.OnEngineCall(host, operation, subject, isBefore);
    }

    public void OnShown(SimHost host)
    {
        Tell(host.Name, $"   shows {string.Join(' ', host.Ingress.Endpoints.OrderBy(e => e.Id, StringComparer.Ordinal).Select(e => e.State == Traffic.EndpointState.Serving ? e.Id : $"({e.Id})"))}");
        foreach (var checker in _checkers) checker.OnShown(host);
    }

    public void OnCommitted(ImmutableArray<StoreChange> changes)
    {
        Tell("store", string.Join(' ', changes.Select(change => change is StoreChange.Put ? change.Key : $"-{change.Key}")));
        foreach (var checker in _checkers) checker.OnCommitted(changes);
    }

    public void OnHeard(Client client, ChangeEvent happened)
    {
        Tell("client", string.Create(CultureInfo.InvariantCulture, $"{client.Number} hears {Words.Of(happened)}"));
        foreach (var checker in _checkers) checker.OnHeard(client, happened);
    }

    public void Dispose() => Trace.Dispose();

    private void AfterStep()
    {
        Steps++;
        foreach (var checker in _checkers) checker.OnStep();
    }
}
