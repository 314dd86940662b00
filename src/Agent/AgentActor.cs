using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Images;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Links;
using Orchestrator.Agent.Logs;
using Orchestrator.Agent.Names;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Preflight;
using Orchestrator.Agent.Replicas;
using Orchestrator.Agent.Stacks;
using Orchestrator.Agent.Templates;
using Orchestrator.Agent.Traffic;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent;

/// <summary>
/// <c>/user/agent</c>: the host's end. Takes <see cref="UplinkMessage"/> and <see cref="AgentCommand"/>, and sends <see cref="AgentEvent"/> to the uplink.
/// It routes and reports; what is done to containers is done by its children. Everything it knows comes from the engine and is there again after a restart.
/// </summary>
public sealed partial class AgentActor : ReceiveActor
{
    /// <summary>Each holds a connection to the engine.</summary>
    private const int LogStreamsMax = 64;

    /// <summary>Each asks the engine a handful of questions at once.</summary>
    private const int PreflightsMax = 16;

    private readonly AgentOptions _options;
    private readonly IEngine _engine;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Dictionary<ReplicaKey, ReplicaEntry> _replicas = [];
    private readonly Dictionary<string, ReplicaKey> _keys = [];
    private readonly Dictionary<string, IActorRef> _logStreams = [];

    /// <summary>Commands of our own making, and who gets their answers.</summary>
    private readonly Dictionary<string, IActorRef> _internal = [];

    private readonly Dictionary<string, IActorRef> _removals = [];

    /// <summary>With the commands they answer.</summary>
    private readonly Dictionary<IActorRef, string> _preflights = [];

    private IActorRef? _uplink;
    private HostFacts? _facts;
    private bool _isInventoryOwed;

    /// <summary>Until the coordinator has been told: nothing of what it has said is known here.</summary>
    private bool _hasForgotten = true;

    private long _children;
    private IActorRef _watcher = ActorRefs.Nobody;
    private IActorRef _images = ActorRefs.Nobody;
    private IActorRef _networks = ActorRefs.Nobody;
    private IActorRef _traffic = ActorRefs.Nobody;

    public AgentActor(AgentOptions options, IEngine engine, ILoggerFactory loggers)
    {
        _options = options;
        _engine = engine;
        _loggers = loggers;
        _logger = loggers.CreateLogger("Orchestrator.Agent");

        Receive<UplinkMessage.LinkUp>(OnLinkUp);
        Receive<UplinkMessage.LinkDown>(OnLinkDown);
        Receive<AgentCommand>(OnCommand);

        Receive<EngineMessage.Synced>(OnSynced);
        Receive<EngineMessage.Lost>(OnLost);
        Receive<EngineMessage.Seen>(seen => OnSeen(seen.Container));
        Receive<EngineMessage.Vanished>(vanished => OnVanished(vanished.ContainerId));
        Receive<EngineMessage.Looked>(looked => looked.For.Tell(looked));

        Receive<ReplicaMessage.Judged>(OnJudged);
        Receive<ReplicaMessage.Introduce>(OnIntroduce);
        Receive<ReplicaMessage.Retire>(OnRetire);
        Receive<StackRemovalStop>(OnRemovalStop);
        Receive<Terminated>(OnTerminated);
        Receive<TrafficForgotten>(_ => OnTrafficForgotten());
        Receive<AgentEvent>(OnEvent);
    }

    private static DateTimeOffset Now => Context.System.Scheduler.Now;

    protected override void PreStart()
    {
        var (options, engine) = (_options, _engine);
        var (watching, imaging, networking) = (Logger("Engine"), Logger("Images"), Logger("Networks"));
        _watcher = Context.ActorOf(Props.Create(() => new EngineWatcherActor(engine, options, watching)), "engine");
        _images = Context.ActorOf(Props.Create(() => new ImagesActor(engine, options, imaging)), "images");
        _networks = Context.ActorOf(Props.Create(() => new NetworksActor(engine, options, networking)), "networks");
        var (sinks, routing) = (Sinks(), Logger("Traffic"));
        _traffic = Context.ActorOf(Props.Create(() => new TrafficActor(sinks, routing)), "traffic");
    }

    /// <summary>The link knows nothing of a restart here: the new incarnation is told of it again.</summary>
    protected override void PreRestart(Exception reason, object? message)
    {
        if (_uplink is { } uplink) Self.Tell(new UplinkMessage.LinkUp(uplink));
        base.PreRestart(reason, message);
    }

    /// <summary>What shows endpoints on this host.</summary>
    private ImmutableSortedDictionary<string, Props> Sinks()
    {
        var sinks = ImmutableSortedDictionary.CreateBuilder<string, Props>(StringComparer.Ordinal);
        sinks.AddRange(_options.Sinks);
        var (networks, loggers) = (_networks, _loggers);
        if (_options.Overlay is not null)
        {
            var joining = Logger("Networks");
            sinks[OverlayActor.SinkName] = Props.Create(() => new OverlayActor(networks, joining));
        }

        if (_options.Overlay?.Names is { } servers)
        {
            var naming = Logger("Names");
            sinks[NamesActor.SinkName] = Props.Create(() => new NamesActor(servers, naming));
        }

        if (_options.Ingress is { } listening)
        {
            var (engine, credentials, ingress) = (_engine, _options.Credentials, Logger("Ingress"));
            sinks[IngressActor.SinkName] = Props.Create(() => new IngressActor(listening, engine, credentials, ingress));
        }

        if (_options.TemplatesFolder is { } folder)
        {
            var (templates, time) = (new TemplateOptions(), _options.Time);
            sinks[TemplatesActor.SinkName] = Props.Create(() => new TemplatesActor(folder, templates, time, loggers));
        }

        return sinks.ToImmutable();
    }

    private ILogger Logger(string name) => _loggers.CreateLogger("Orchestrator.Agent." + name);

    private void OnLinkUp(UplinkMessage.LinkUp up)
    {
        LogLinkUp(_options.HostName);
        _uplink = up.Uplink;
        _isInventoryOwed = true;

        // The way to the coordinator may be another one than before.
        if (_facts is { } facts) _facts = facts with { Address = _options.Overlay?.Address() };
        ReportInventory();
    }

    private void OnTrafficForgotten()
    {
        LogTrafficForgotten(_options.HostName);
        _hasForgotten = true;
        _isInventoryOwed = true;
        ReportInventory();
    }

    private void OnLinkDown(UplinkMessage.LinkDown down)
    {
        LogLinkDown(_options.HostName, down.Reason);
        _uplink = null;
        _isInventoryOwed = false;

        // Their reader is gone; a new one asks anew.
        foreach (var stream in _logStreams.Values) Context.Stop(stream);
        _logStreams.Clear();
    }

    private void OnCommand(AgentCommand command)
    {
        LogCommand(command.GetType().Name, command.CommandId);
        switch (command)
        {
            case AgentCommand.PrepareReplica prepare:
                Replica(prepare.Key).Tell(prepare);
                break;
            case AgentCommand.StartReplica start:
                Replica(start.Key).Tell(start);
                break;
            case AgentCommand.StopReplica stop:
                Replica(stop.Key).Tell(stop);
                break;
            case AgentCommand.ResolveImage resolve:
                _images.Tell(new ImagesMessage.Resolve(resolve));
                break;
            case AgentCommand.Preflight preflight:
                Preflight(preflight);
                break;
            case AgentCommand.RemoveStack remove:
                RemoveStack(remove);
                break;
            case AgentCommand.OpenLogs open:
                OpenLogs(open);
                break;
            case AgentCommand.CreditLogs credit:
                if (_logStreams.TryGetValue(credit.CommandId, out var credited)) credited.Tell(new LogsMessage.Credit(credit.Credit));
                break;
            case AgentCommand.CloseLogs close:
                if (_logStreams.Remove(close.CommandId, out var closed)) Context.Stop(closed);
                break;
            case AgentCommand.BeginTraffic or AgentCommand.ApplyTraffic or AgentCommand.ChangeTraffic or AgentCommand.CountTraffic:
                if (command is AgentCommand.ApplyTraffic { Networks: { } networks } apply) _networks.Tell(new NetworksMessage.Keep(apply.Table.Stack, networks));
                _traffic.Tell(command);
                break;
            case AgentCommand.ReportInventory:
                _isInventoryOwed = true;
                ReportInventory();
                break;
            default:
                LogUnknownCommand(command.GetType().Name);
                break;
        }
    }

    private ReplicaEntry Replica(ReplicaKey key)
    {
        if (_replicas.TryGetValue(key, out var entry)) return entry;
        var (options, engine, logger) = (_options, _engine, Logger("Replica"));
        var peers = new ReplicaPeers(_images, _networks, _watcher);
        var actor = Context.ActorOf(Props.Create(() => new ReplicaActor(key, engine, options, peers, logger)), "replica-" + key.ContainerName);
        Context.Watch(actor);
        return _replicas[key] = new ReplicaEntry(key, actor);
    }

    private void RemoveStack(AgentCommand.RemoveStack command)
    {
        // A repetition while it is under way: its end answers both.
        if (_removals.ContainsKey(command.CommandId)) return;
        var known = _replicas.Keys.Where(key => key.Stack == command.Stack).ToImmutableArray();
        var (engine, networks, logger) = (_engine, _networks, Logger("Stacks"));
        var actor = Context.ActorOf(Props.Create(() => new StackRemovalActor(command, known, engine, networks, logger)), Name("remove"));
        Context.Watch(actor);
        _removals[command.CommandId] = actor;
    }

    private void OnRemovalStop(StackRemovalStop stop)
    {
        _internal[stop.Command.CommandId] = Sender;
        Replica(stop.Command.Key).Tell(stop.Command);
    }

    private void Preflight(AgentCommand.Preflight command)
    {
        if (_preflights.ContainsValue(command.CommandId)) return;
        if (_preflights.Count >= PreflightsMax)
        {
            Send(new AgentEvent.Preflighted { CommandId = command.CommandId, Problems = [new PreflightProblem("", $"the host is busy with {PreflightsMax} other plans, so nothing was looked at", IsWarning: true)] });
            return;
        }

        var (facts, engine, options) = (_facts, _engine, _options);
        var actor = Context.ActorOf(Props.Create(() => new PreflightActor(command, facts, engine, options)), Name("preflight"));
        Context.Watch(actor);
        _preflights[actor] = command.CommandId;
    }

    private void OpenLogs(AgentCommand.OpenLogs command)
    {
        if (_logStreams.ContainsKey(command.CommandId)) return;
        if (_logStreams.Count >= LogStreamsMax)
        {
            Send(new AgentEvent.LogsEnded(command.CommandId, $"host {_options.HostName} already sends {LogStreamsMax} logs; close one first"));
            return;
        }

        var (engine, logger) = (_engine, Logger("Logs"));
        var actor = Context.ActorOf(Props.Create(() => new LogsActor(command, engine, logger)), Name("logs"));
        Context.Watch(actor);
        _logStreams[command.CommandId] = actor;
    }

    private string Name(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{++_children}");

    private void OnSynced(EngineMessage.Synced synced)
    {
        _facts = Facts(synced.Info, synced.Version);
        _isInventoryOwed = true;
        var present = synced.Containers.Select(container => container.Id).ToHashSet();
        foreach (var gone in _keys.Keys.Where(id => !present.Contains(id)).ToArray()) OnVanished(gone);
        foreach (var container in synced.Containers) OnSeen(container);
        ReportInventory();
    }

    private void OnLost(EngineMessage.Lost lost)
    {
        var error = $"the engine at {_engine.Address} does not answer: {lost.Error}";
        var isNews = _facts?.EngineError != error;
        _facts = (_facts ?? Facts(null, null)) with { EngineError = error };
        if (!isNews) return;
        _isInventoryOwed = true;
        ReportInventory();
    }

    private HostFacts Facts(EngineInfo? info, EngineVersion? version) => new()
    {
        Name = _options.HostName,
        Labels = _options.Labels,
        AgentVersion = _options.AgentVersion,
        TakesPreflight = true,
        TakesTableChanges = true,
        ShowsEveryTable = _options.TemplatesFolder is not null,
        Address = _options.Overlay?.Address(),
        EngineId = info?.Id ?? "",
        EngineVersion = version?.Version ?? info?.ServerVersion ?? "",
        Os = info?.Os is { Length: > 0 } os ? os : "linux",
        Architecture = info?.Architecture ?? "",
        Cpus = info?.Cpus ?? 0,
        MemoryBytes = info?.MemoryBytes ?? 0,
        EngineLabels = info?.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal) ?? ImmutableSortedDictionary<string, string>.Empty,
    };

    private void OnSeen(ContainerDetails container)
    {
        if (ReplicaObservation.Key(container.Labels) is not { } key)
        {
            LogNoReplica(container.Name);
            return;
        }

        var entry = Replica(key);

        // Two containers of one key: the newer is the replica.
        if (entry.Container is { } known && known.Id != container.Id && known.Created > container.Created) return;
        _keys[container.Id] = key;
        entry.Container = container;
        ReportChange(entry);
        entry.Tell(new ReplicaMessage.Observed(container));
    }

    private void OnVanished(string containerId)
    {
        if (!_keys.Remove(containerId, out var key) || !_replicas.TryGetValue(key, out var entry) || entry.Container?.Id != containerId) return;
        entry.Container = null;
        if (entry.Reported is not null && !_isInventoryOwed) Send(new AgentEvent.ReplicaGone(key));
        entry.Reported = null;
        entry.Tell(new ReplicaMessage.Gone(containerId));
    }

    private void OnJudged(ReplicaMessage.Judged judged)
    {
        if (!_replicas.TryGetValue(judged.Key, out var entry)) return;
        entry.Verdict = judged.Verdict;
        ReportChange(entry);
    }

    private void OnIntroduce(ReplicaMessage.Introduce introduce)
    {
        if (!_replicas.TryGetValue(introduce.Key, out var entry)) return;

        // A new incarnation knows nothing any longer, and has counted nothing.
        entry.Verdict = ReplicaVerdict.Unknown;
        if (entry.Container is { } container) entry.Tell(new ReplicaMessage.Observed(container));
    }

    private void OnRetire(ReplicaMessage.Retire retire)
    {
        if (_replicas.TryGetValue(retire.Key, out var entry) && entry.Container is null && entry.TryEnd(retire.Received)) Context.Stop(entry.Actor);
    }

    private void OnTerminated(Terminated terminated)
    {
        if (_replicas.Values.FirstOrDefault(entry => entry.Actor.Equals(terminated.ActorRef)) is { } ended)
        {
            _replicas.Remove(ended.Key);
            if (ended.Waiting.Count == 0 && ended.Container is null) return;
            var follower = Replica(ended.Key);
            follower.Container = ended.Container;
            follower.Reported = ended.Reported;
            foreach (var message in ended.Waiting) follower.Tell(message);
            return;
        }

        foreach (var (id, _) in _logStreams.Where(stream => stream.Value.Equals(terminated.ActorRef)).ToArray()) _logStreams.Remove(id);
        _preflights.Remove(terminated.ActorRef);
        foreach (var (id, _) in _removals.Where(removal => removal.Value.Equals(terminated.ActorRef)).ToArray()) _removals.Remove(id);
    }

    private void OnEvent(AgentEvent happened)
    {
        var id = happened switch
        {
            AgentEvent.ReplicaStopped stopped => stopped.CommandId,
            AgentEvent.ReplicaFailed failed => failed.CommandId,
            AgentEvent.ReplicaProgressed progressed => progressed.CommandId,
            _ => null,
        };
        if (id is null || !_internal.TryGetValue(id, out var asker))
        {
            Send(happened);
            return;
        }

        if (happened is not AgentEvent.ReplicaProgressed) _internal.Remove(id);
        asker.Tell(happened);
    }

    private void Send(AgentEvent happened) => _uplink?.Tell(happened);

    private void ReportChange(ReplicaEntry entry)
    {
        if (entry.Container is not { } container) return;
        var snapshot = ReplicaObservation.Snapshot(entry.Key, container, entry.Verdict, Now);
        if (ReplicaObservation.IsSame(entry.Reported, snapshot)) return;
        if (entry.Reported?.State != snapshot.State) LogState(entry.Key, entry.Reported?.State, snapshot.State, snapshot.Health);
        entry.Reported = snapshot;

        // An inventory on its way says it too, and a change before it would be of a host not yet known.
        if (!_isInventoryOwed) Send(new AgentEvent.ReplicaChanged(snapshot));
    }

    /// <summary>Waits for the first word about the engine: its containers, or that it does not answer.</summary>
    private void ReportInventory()
    {
        if (!_isInventoryOwed || _facts is not { } facts) return;
        _isInventoryOwed = false;
        var replicas = ImmutableArray.CreateBuilder<ReplicaSnapshot>();
        foreach (var entry in _replicas.Values)
        {
            if (entry.Container is not { } container) continue;
            entry.Reported = ReplicaObservation.Snapshot(entry.Key, container, entry.Verdict, Now);
            replicas.Add(entry.Reported);
        }

        replicas.Sort((a, b) => string.CompareOrdinal(a.ContainerName, b.ContainerName));
        Send(new AgentEvent.InventoryReported(facts, replicas.ToImmutable()) { HasForgotten = _hasForgotten });
        if (_uplink is not null) _hasForgotten = false;
    }
}
