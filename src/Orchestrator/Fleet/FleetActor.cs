using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Fleet;

/// <summary>Knows every host and what is on it. Never decides anything about a stack.</summary>
public sealed partial class FleetActor : ReceiveActor, IWithTimers, IWithStash
{
    /// <summary>The longest a fresh snapshot waits for agents; then it is as fresh as it can be.</summary>
    public static readonly TimeSpan RefreshTimeout = TimeSpan.FromSeconds(10);

    private readonly FleetOptions options;
    private readonly IStore store;
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly Dictionary<string, IActorRef> hosts = new(StringComparer.Ordinal);
    private readonly HashSet<IActorRef> subscribers = [];

    /// <summary>Those of <see cref="subscribers"/> that are told every change.</summary>
    private readonly HashSet<IActorRef> observers = [];
    private readonly List<(IActorRef ReplyTo, bool AwaitsLinks)> waitingForSettled = [];
    private readonly Dictionary<long, (IActorRef ReplyTo, HashSet<string> Open)> refreshes = [];
    private FleetSnapshot snapshot = FleetSnapshot.Empty;
    private FleetMessage.Roster? roster;
    private long refreshCount;
    private int loads;

    public FleetActor(FleetOptions options, IStore store, ILoggerFactory loggers)
    {
        this.options = options;
        this.store = store;
        this.loggers = loggers;
        logger = loggers.CreateLogger<FleetActor>();
        ReceiveAsync<Load>(_ => LoadAsync());

        // A fleet of which nothing is known yet is not one without hosts.
        ReceiveAny(_ => Stash.Stash());
    }

    private void Loaded()
    {
        Receive<FleetMessage.AgentConnected>(m => HostOf(m.Host).Tell(new HostMessage.Connect(m.Downlink, Sender)));
        Receive<FleetMessage.AgentDisconnected>(m => HostOf(m.Host).Tell(new HostMessage.Disconnect(m.Downlink, m.Reason)));
        Receive<FleetMessage.Send>(Send);
        Receive<FleetMessage.Subscribe>(m => Subscribe(m.Replicas));
        Receive<FleetMessage.PeekFleet>(_ => Sender.Tell(snapshot));
        Receive<FleetMessage.GetFleet>(GetFleet);
        Receive<FleetMessage.Roster>(TellRoster);
        Receive<FleetMessage.Excuse>(Excuse);
        ReceiveAsync<FleetMessage.Forget>(ForgetAsync);
        ReceiveAsync<HostMessage.Updated>(UpdateAsync);
        Receive<HostMessage.Refreshed>(m => Refreshed(m.Number, m.Host));
        Receive<RefreshOverdue>(m => FinishRefresh(m.Number));
        Receive<Terminated>(m =>
        {
            subscribers.Remove(m.ActorRef);
            observers.Remove(m.ActorRef);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    private static string Key(string host) => $"hosts/{host}";

    protected override void PreStart() => Self.Tell(new Load());

    private async Task LoadAsync()
    {
        ImmutableArray<HostFacts> remembered;
        try
        {
            remembered = [.. (await store.ListAsync("hosts/", CancellationToken.None)).Select(e => JsonSerializer.Deserialize(e.Value, StoreJson.Default.HostFacts)!)];
        }
        catch (Exception e)
        {
            StoreRetry.LoadLater(Timers, new Load(), logger, e, "the hosts", ++loads);
            return;
        }
        foreach (var facts in remembered)
        {
            var known = new HostSnapshot { Name = facts.Name, State = HostState.Unknown, Facts = facts };
            snapshot = snapshot.With(known);
            Create(known);
        }
        Become(Loaded);
        Stash.UnstashAll();
    }

    private void Send(FleetMessage.Send message)
    {
        if (hosts.TryGetValue(message.Host, out var host))
        {
            host.Tell(new HostMessage.Deliver(message.Command, Sender, message.Change));
        }
        else
        {
            Sender.Tell(new FleetMessage.HostLost(message.Host, message.Command.CommandId));
        }
    }

    private void Subscribe(bool replicas)
    {
        if (replicas)
        {
            observers.Add(Sender);
        }
        if (subscribers.Add(Sender))
        {
            Context.Watch(Sender);
        }
        foreach (var down in snapshot.Hosts.Values.Where(h => h.State == HostState.Down))
        {
            Sender.Tell(new FleetMessage.HostLost(down.Name, null));
        }
    }

    private async Task UpdateAsync(HostMessage.Updated message)
    {
        var (before, wasHeard) = (snapshot.Hosts.GetValueOrDefault(message.Snapshot.Name), snapshot.IsHeard);
        snapshot = snapshot.With(message.Snapshot);
        if (message.Snapshot.State == HostState.Down && before?.State != HostState.Down)
        {
            foreach (var subscriber in subscribers)
            {
                subscriber.Tell(new FleetMessage.HostLost(message.Snapshot.Name, null));
            }
        }
        if (options.RemembersHosts && message.Snapshot.Facts is { } facts && !facts.IsSame(before?.Facts))
        {
            await RememberAsync(facts);
        }
        AnswerSettled();

        // Nothing is made of a fleet before all of it has been heard of: with the last host everybody looks.
        var scope = snapshot.IsHeard && !wasHeard ? ChangeScope.All : message.Scope;
        if (scope == ChangeScope.Named && message.Stacks.IsEmpty)
        {
            return;
        }
        var changed = new FleetMessage.Changed(message.Snapshot.Name, message.Stacks, snapshot, scope);
        Context.Parent.Tell(changed);
        foreach (var observer in observers)
        {
            observer.Tell(changed);
        }
    }

    private async Task RememberAsync(HostFacts facts)
    {
        try
        {
            await store.CommitAsync([new StoreChange.Put(Key(facts.Name), JsonSerializer.Serialize(facts, StoreJson.Default.HostFacts))], CancellationToken.None);
        }
        catch (Exception e)
        {
            // Only for the next start, before the host has reported itself.
            LogNotRemembered(e, facts.Name);
        }
    }

    private void TellRoster(FleetMessage.Roster message)
    {
        roster = message;
        foreach (var host in hosts.Values)
        {
            host.Tell(message);
        }
    }

    private void Excuse(FleetMessage.Excuse message)
    {
        var excuse = new HostMessage.Excuse(message.Stack);
        foreach (var name in message.Hosts)
        {
            hosts.GetValueOrDefault(name)?.Tell(excuse);
        }
    }

    private void GetFleet(FleetMessage.GetFleet message)
    {
        if (message.Stack is not { } stack || !IsSettled(message.AwaitsLinks))
        {
            waitingForSettled.Add((Sender, message.AwaitsLinks));
            AnswerSettled();
            return;
        }
        var number = ++refreshCount;
        var open = snapshot.Hosts.Values.Where(h => h.State == HostState.Ready).Select(h => h.Name).ToHashSet(StringComparer.Ordinal);
        refreshes[number] = (Sender, open);
        foreach (var host in open)
        {
            hosts[host].Tell(new HostMessage.Refresh(number, stack));
        }
        Timers.StartSingleTimer(number, new RefreshOverdue(number), RefreshTimeout);
        if (open.Count == 0)
        {
            FinishRefresh(number);
        }
    }

    private void Refreshed(long number, string host)
    {
        if (refreshes.TryGetValue(number, out var refresh) && refresh.Open.Remove(host) && refresh.Open.Count == 0)
        {
            FinishRefresh(number);
        }
    }

    private void FinishRefresh(long number)
    {
        Timers.Cancel(number);
        if (refreshes.Remove(number, out var refresh))
        {
            refresh.ReplyTo.Tell(snapshot);
        }
    }

    private bool IsSettled(bool awaitsLinks) =>
        (!options.WaitsForFirstHost || !snapshot.Hosts.IsEmpty) && snapshot.IsHeard && !(awaitsLinks && snapshot.Hosts.Values.Any(h => h.State == HostState.Disconnected));

    private void AnswerSettled() => waitingForSettled.RemoveAll(waiting =>
    {
        var isSettled = IsSettled(waiting.AwaitsLinks);
        if (isSettled)
        {
            waiting.ReplyTo.Tell(snapshot);
        }
        return isSettled;
    });

    private async Task ForgetAsync(FleetMessage.Forget message)
    {
        var sender = Sender;
        if (!snapshot.Hosts.TryGetValue(message.Host, out var host))
        {
            sender.Tell(new FleetMessage.HostForgotten($"there is no host {message.Host}; known are {string.Join(", ", snapshot.Hosts.Keys)}"));
            return;
        }
        if (host.State is HostState.Ready or HostState.Disconnected)
        {
            sender.Tell(new FleetMessage.HostForgotten($"host {message.Host} is {host.State.ToString().ToLowerInvariant()}; stop its agent first, then remove it once it is down"));
            return;
        }
        try
        {
            await store.CommitAsync([new StoreChange.Delete(Key(message.Host))], CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotForgotten(e, message.Host);
            sender.Tell(new FleetMessage.HostForgotten($"host {message.Host} stays, for the store failed: {e.Message}; remove it again when the coordinator's store works"));
            return;
        }
        Context.Stop(hosts[message.Host]);
        hosts.Remove(message.Host);
        snapshot = new FleetSnapshot(snapshot.Hosts.Remove(message.Host));
        sender.Tell(new FleetMessage.HostForgotten(null));
        Context.Parent.Tell(new FleetMessage.Changed(message.Host, [], snapshot, ChangeScope.All));
    }

    private IActorRef HostOf(string name)
    {
        if (hosts.TryGetValue(name, out var host))
        {
            return host;
        }
        var known = new HostSnapshot { Name = name, State = HostState.Unknown };
        snapshot = snapshot.With(known);
        return Create(known);
    }

    private IActorRef Create(HostSnapshot known)
    {
        var after = options.HostDownAfter;
        var factory = loggers;
        var host = Context.ActorOf(Props.Create(() => new HostActor(known, after, factory)), $"host-{known.Name}");
        if (roster is not null)
        {
            host.Tell(roster);
        }
        return hosts[known.Name] = host;
    }

    private sealed record Load;

    private sealed record RefreshOverdue(long Number);
}
