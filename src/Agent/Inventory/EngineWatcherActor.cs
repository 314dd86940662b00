using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Inventory;

/// <summary><c>/user/agent/engine</c>: the only one that inspects containers for what is reported, one inspection of a container at a time, so that no older state overtakes a newer one.</summary>
internal sealed partial class EngineWatcherActor : EngineCaller
{
    private const string AuditTimer = "audit";
    private const string ReconnectTimer = "reconnect";
    private const string OpenTimer = "open";

    /// <summary>An inspection or list of a healthy engine takes milliseconds; past this it counts as not answering.</summary>
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(20);

    /// <summary>A stream has no end of its own; a day bounds what a half-open connection could hide beside the audits.</summary>
    private static readonly TimeSpan StreamMax = TimeSpan.FromHours(24);

    /// <summary>Inspections at once while listing everything.</summary>
    private const int InspectionsMax = 8;

    /// <summary>What changes a snapshot. The probes' own exec events, many a second, are not among them.</summary>
    private static readonly string[] Actions = ["create", "start", "die", "oom", "destroy", "rename", "update", "pause", "unpause", "health_status"];

    private static readonly EngineFilters OurContainers = EngineFilters.Label(ReplicaLabels.Stack);

    private readonly IEngine _engine;
    private readonly AgentOptions _options;
    private readonly ILogger _logger;
    private readonly Dictionary<string, Inspection> _inspections = [];
    private readonly Dictionary<string, string> _states = [];
    private bool _connected;
    private int _failures;
    private long _session;

    public EngineWatcherActor(IEngine engine, AgentOptions options, ILogger logger)
    {
        _engine = engine;
        _options = options;
        _logger = logger;
        Receive<WatchMessage.Connect>(_ => Connect());
        Receive<WatchMessage.Happened>(happened => happened.Session == _session, happened => OnEvent(happened.Event));
        Receive<WatchMessage.Happened>(_ => { });
        Receive<WatchMessage.OpenOverdue>(_ => OnLost(new TimeoutException($"opening the stream of events took longer than {Durations.Text(ReadMax)}")));
        Receive<EngineMessage.Look>(look => Look(look.Container, look));
        Receive<EngineMessage.Audit>(_ => Audit());
    }

    protected override void PreStart() => Self.Tell(new WatchMessage.Connect());

    private void Connect()
    {
        DropInspections();
        _session++;
        Timers.StartSingleTimer(OpenTimer, new WatchMessage.OpenOverdue(), ReadMax);
        Watch(_session);
    }

    private void Watch(long session)
    {
        var self = Self;
        var filters = OurContainers.With("type", "container").With("event", Actions);
        Call(
            "the engine's events",
            StreamMax,
            async cancellation =>
            {
                await foreach (var happened in _engine.EventsAsync(filters, cancellation)) self.Tell(new WatchMessage.Happened(session, happened));
                return true;
            },
            _ => OnLost(new EngineException(EngineErrorKind.Temporary, 0, "GET", "/events", "the engine ended its stream of events", _engine.Address)),
            OnLost);
    }

    private async Task<EngineMessage.Synced> SyncAsync(CancellationToken cancellation)
    {
        var version = await _engine.VersionAsync(cancellation);
        var info = await _engine.InfoAsync(cancellation);
        var list = await _engine.ListContainersAsync(OurContainers, all: true, cancellation);
        var containers = ImmutableArray.CreateBuilder<ContainerDetails>();
        foreach (var chunk in list.Chunk(InspectionsMax))
        {
            var details = await Task.WhenAll(chunk.Select(summary => InspectAsync(summary.Id, cancellation)));
            containers.AddRange(details.OfType<ContainerDetails>());
        }

        return new EngineMessage.Synced(info, version, containers.ToImmutable());
    }

    /// <summary>Null when it is gone.</summary>
    private async Task<ContainerDetails?> InspectAsync(string container, CancellationToken cancellation)
    {
        try
        {
            return await _engine.InspectContainerAsync(container, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            return null;
        }
    }

    private void OnSynced(EngineMessage.Synced synced)
    {
        _connected = true;
        _failures = 0;
        _states.Clear();
        foreach (var container in synced.Containers) _states[container.Id] = container.Status;
        Timers.StartPeriodicTimer(AuditTimer, new EngineMessage.Audit(), _options.AuditInterval);
        LogConnected(_engine.Address, synced.Version.Version, synced.Containers.Length);
        Context.Parent.Tell(synced);
    }

    private void OnLost(Exception error)
    {
        DropInspections();
        _connected = false;
        _session++;
        Timers.Cancel(AuditTimer);
        Timers.Cancel(OpenTimer);
        var pause = Backoff(_failures++);
        LogLost(_engine.Address, EngineFaults.Text(error), pause);
        Context.Parent.Tell(new EngineMessage.Lost(EngineFaults.Text(error)));
        Timers.StartSingleTimer(ReconnectTimer, new WatchMessage.Connect(), pause);
    }

    private void DropInspections()
    {
        AbandonAll();
        foreach (var inspection in _inspections.Values) Answer(inspection.Asked.Concat(inspection.AskedLater));
        _inspections.Clear();
    }

    private TimeSpan Backoff(int failures) => _options.ReconnectMax / Math.Max(1, 16 >> Math.Min(failures, 4));

    private void OnEvent(EngineEvent happened)
    {
        if (happened.IsStreamOpen)
        {
            // Only now, so that nothing falls between the list and the events.
            Timers.Cancel(OpenTimer);
            Call("listing the engine's containers", ReadMax, SyncAsync, OnSynced, OnLost);
            return;
        }

        if (happened.Type != "container") return;
        if (happened.Action == "destroy") Vanish(happened.Id);
        else if (Actions.Any(action => happened.Action.StartsWith(action, StringComparison.Ordinal))) Look(happened.Id, null);
    }

    private void Vanish(string id)
    {
        _states.Remove(id);
        Context.Parent.Tell(new EngineMessage.Vanished(id));
    }

    /// <summary>Events that come while an inspection is under way are answered by one more after it: the burst of a start costs two.</summary>
    private void Look(string container, EngineMessage.Look? asked)
    {
        if (_inspections.TryGetValue(container, out var running))
        {
            running.Again = true;
            if (asked is not null) running.AskedLater.Add(asked);
            return;
        }

        var inspection = new Inspection();
        if (asked is not null) inspection.Asked.Add(asked);
        _inspections[container] = inspection;
        Inspect(container, inspection);
    }

    private void Inspect(string container, Inspection inspection) => Call(
        $"inspecting container {container}",
        ReadMax,
        cancellation => InspectAsync(container, cancellation),
        details =>
        {
            if (details is null) Vanish(container);
            else See(details);
            Inspected(container, inspection);
        },
        error =>
        {
            LogNotInspected(container, EngineFaults.Text(error));
            Inspected(container, inspection);
            if (_connected && EngineFaults.IsUnreachable(error)) OnLost(error);
        });

    private void See(ContainerDetails details)
    {
        _states[details.Id] = details.Status;
        Context.Parent.Tell(new EngineMessage.Seen(details));
    }

    private void Inspected(string container, Inspection inspection)
    {
        Answer(inspection.Asked);
        inspection.Asked.Clear();
        if (!inspection.Again)
        {
            _inspections.Remove(container);
            return;
        }

        inspection.Again = false;
        inspection.Asked.AddRange(inspection.AskedLater);
        inspection.AskedLater.Clear();
        Inspect(container, inspection);
    }

    private static void Answer(IEnumerable<EngineMessage.Look> asked)
    {
        foreach (var look in asked) Context.Parent.Tell(new EngineMessage.Looked(look.For, look.Ticket));
    }

    private void Audit()
    {
        if (!_connected) return;
        Call(
            "listing the engine's containers",
            ReadMax,
            cancellation => _engine.ListContainersAsync(OurContainers, all: true, cancellation),
            OnAudited,
            error =>
            {
                if (_connected) OnLost(error);
            });
    }

    private void OnAudited(IReadOnlyList<ContainerSummary> list)
    {
        var present = list.ToDictionary(summary => summary.Id, summary => summary.State);
        foreach (var gone in _states.Keys.Where(id => !present.ContainsKey(id)).ToArray())
        {
            LogMissed(gone);

            // Not taken from the list, which may be older than an event handled since.
            Look(gone, null);
        }

        foreach (var (id, state) in present)
        {
            if (_states.TryGetValue(id, out var known) && known == state) continue;
            LogMissed(id);
            Look(id, null);
        }
    }

    private abstract record WatchMessage
    {
        public sealed record Connect : WatchMessage;

        public sealed record OpenOverdue : WatchMessage;

        public sealed record Happened(long Session, EngineEvent Event) : WatchMessage;
    }

    private sealed class Inspection
    {
        public bool Again { get; set; }

        /// <summary>Answered by the inspection under way.</summary>
        public List<EngineMessage.Look> Asked { get; } = [];

        /// <summary>Came after it had begun: answered by the next.</summary>
        public List<EngineMessage.Look> AskedLater { get; } = [];
    }
}
