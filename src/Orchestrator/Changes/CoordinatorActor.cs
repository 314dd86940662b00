using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Store;
using Orchestrator.Traffic;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Changes;

/// <summary>/user/coordinator: the fleet below it and one child per stack. Routes; decides nothing itself.</summary>
public sealed class CoordinatorActor : ReceiveActor, IWithTimers, IWithStash
{
    /// <summary>Stacks answer from memory.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(10);

    private readonly StackOptions options;
    private readonly StackStore store;
    private readonly IActorRef fleet;
    private readonly CertificateBook certificates;
    private readonly CoordinatorPeers peers;
    private readonly ILoggerFactory loggers;
    private readonly Dictionary<string, IActorRef> stacks = new(StringComparer.Ordinal);
    private readonly HashSet<string> clearing = new(StringComparer.Ordinal);

    /// <summary>Hosts that are down, as the stacks have been told.</summary>
    private readonly HashSet<string> down = new(StringComparer.Ordinal);

    /// <summary>Hosts whose engines do not answer, as the stacks have been told.</summary>
    private readonly HashSet<string> mute = new(StringComparer.Ordinal);

    /// <summary>Stacks that a host may help which has nothing of theirs.</summary>
    private readonly HashSet<string> awaiting = new(StringComparer.Ordinal);

    private int loads;

    public CoordinatorActor(FleetOptions fleetOptions, StackOptions options, IStore store, SealKey key, ILoggerFactory loggers)
    {
        this.options = options;
        this.store = new StackStore(store, isShared: options.IsPassive);
        this.loggers = loggers;
        fleet = Context.ActorOf(Props.Create(() => new FleetActor(fleetOptions, store, loggers)), "fleet");
        var (stacksOnly, hosts, isPassive, overlay) = (this.store, fleet, options.IsPassive, options.Overlay);
        var allocating = loggers.CreateLogger<NetworkAllocationActor>();
        var networks = overlay is null ? ActorRefs.Nobody : Context.ActorOf(Props.Create(() => new NetworkAllocationActor(overlay, store, allocating)), "networks");
        certificates = new CertificateBook(store, key);
        var etcd = options.Etcd is { } sink ? Context.ActorOf(EtcdSinkActor.PropsFor(sink, options.Time, loggers), "etcd") : ActorRefs.Nobody;
        Func<ITrafficExtras> extras = () => new TrafficExtras(networks, certificates, etcd);
        var traffic = Context.ActorOf(Props.Create(() => new TrafficActor(stacksOnly, hosts, extras, etcd, isPassive, loggers)), "traffic");
        peers = new CoordinatorPeers(fleet, traffic, networks);
        ReceiveAsync<Load>(_ => LoadAsync());
        ReceiveAny(_ => Stash.Stash());
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    protected override void PreStart() => Self.Tell(new Load());

    private async Task LoadAsync()
    {
        // The daemon takes up every stack's change again; a command touches only the stack it was given.
        if (options.Repairs)
        {
            try
            {
                foreach (var name in await store.NamesAsync())
                {
                    StackOf(name);
                }
            }
            catch (Exception e)
            {
                StoreRetry.LoadLater(Timers, new Load(), loggers.CreateLogger<CoordinatorActor>(), e, "the list of stacks", ++loads);
                return;
            }
        }
        Become(Ready);
        Stash.UnstashAll();
    }

    private void Ready()
    {
        Receive<FleetMessage.Changed>(Changed);
        Receive<FleetMessage>(m => fleet.Forward(m));
        ReceiveAsync<StackMessage.Change>(m => RouteAsync(m, m.Request.Stack, m.Follower, mayBeNew: m.Request is ChangeRequest.Deploy or ChangeRequest.Apply));
        ReceiveAsync<StackMessage.PlanOnly>(m => RouteAsync(m, m.Request.Stack, Sender, mayBeNew: m.Request is ChangeRequest.Deploy or ChangeRequest.Apply));
        ReceiveAsync<StackMessage.GetState>(m => RouteAsync(m, m.Stack, Sender));
        ReceiveAsync<StackMessage.SetMaintenance>(m => RouteAsync(m, m.Stack, Sender));
        ReceiveAsync<StackMessage.Explain>(m => RouteAsync(m, m.Stack, Sender));
        ReceiveAsync<StackMessage.GetEvents>(m => m.Stack is { } one ? RouteAsync(m, one, Sender) : TellAllEventsAsync(m));
        ReceiveAsync<StackMessage.GetStates>(async asking =>
        {
            var sender = Sender;
            var names = await store.NamesAsync();
            var asked = names.Order(StringComparer.Ordinal).Select(n => StackOf(n).Ask<StackState>(new StackMessage.GetState(n), ReadTimeout)).ToList();
            await Task.WhenAll(asked).PipeTo(sender, Self, s => s.ToImmutableArray());
        });
        Receive<StackMessage.AwaitsHosts>(m => _ = m.Awaits ? awaiting.Add(m.Stack) : awaiting.Remove(m.Stack));
        Receive<StackMessage.Removed>(m =>
        {
            awaiting.Remove(m.Stack);
            if (stacks.Remove(m.Stack, out var gone))
            {
                Context.Stop(gone);
            }

            // One may have come back before there was a record of what it missed.
            foreach (var host in m.UnreachableHosts.Where(h => options.Repairs && !down.Contains(h)))
            {
                FindTombstones(host);
            }
        });
        ReceiveAsync<TombstonesFound>(ClearAsync);
        ReceiveAsync<Cleared>(async m =>
        {
            clearing.Remove($"{m.Host}/{m.Stack}");
            if (m.Answer is FleetMessage.Answered { Event: AgentEvent.StackRemoved { Error: null } })
            {
                await store.DeleteTombstoneAsync(m.Host, m.Stack);
                if (!await IsKnownAsync(m.Stack) && !await store.HasTombstoneAsync(m.Stack))
                {
                    peers.Networks.Tell(new AllocationMessage.Keep(m.Stack, []));
                }
            }
        });
    }

    /// <param name="refused">Who is told that there is no such stack.</param>
    private async Task RouteAsync(StackMessage message, string stack, IActorRef refused, bool mayBeNew = false)
    {
        var sender = Sender;
        if (mayBeNew || await IsKnownAsync(stack))
        {
            StackOf(stack).Tell(message, sender);
        }
        else
        {
            refused.Tell(await UnknownAsync(stack));
        }
    }

    private async Task TellAllEventsAsync(StackMessage.GetEvents message)
    {
        var sender = Sender;
        var asked = (await store.NamesAsync()).Select(n => StackOf(n).Ask<StackMessage.EventsFound>(message with { Stack = n }, ReadTimeout)).ToList();
        await Task.WhenAll(asked).PipeTo(sender, Self, found => new StackMessage.EventsFound([.. found.SelectMany(f => f.Events).OrderBy(e => e.At)]));
    }

    private async Task<bool> IsKnownAsync(string stack) => stacks.ContainsKey(stack) || (await store.NamesAsync()).Contains(stack, StringComparer.Ordinal);

    private async Task<StackMessage.Rejected> UnknownAsync(string stack)
    {
        var names = await store.NamesAsync();
        return new StackMessage.Rejected(CoordinatorErrorKind.NotFound, names.IsEmpty
            ? $"there is no stack {stack}; none has been deployed yet"
            : $"there is no stack {stack}; known are {string.Join(", ", names.Order(StringComparer.Ordinal))}");
    }

    private void Changed(FleetMessage.Changed message)
    {
        peers.Traffic.Tell(new TrafficMessage.FleetChanged(message.Host, message.Stacks, message.Fleet, message.Scope));
        if (!message.Fleet.Hosts.ContainsKey(message.Host))
        {
            peers.Networks.Tell(new AllocationMessage.Forget(message.Host));
        }
        TellHostChange(message.Fleet.Hosts.GetValueOrDefault(message.Host));
        if (!options.Repairs)
        {
            return;
        }
        var isBack = message.Scope >= ChangeScope.Awaited && message.Fleet.Hosts.GetValueOrDefault(message.Host) is { State: HostState.Ready };
        foreach (var stack in message.Scope == ChangeScope.All ? [.. stacks.Keys] : isBack ? message.Stacks.Union(awaiting, StringComparer.Ordinal) : message.Stacks)
        {
            if (stacks.TryGetValue(stack, out var actor))
            {
                actor.Tell(new StackMessage.Observe(message.Fleet));
            }
        }
        if (isBack)
        {
            FindTombstones(message.Host);
        }
    }

    private void FindTombstones(string host)
    {
        var self = Self;
        store.TombstonesAsync(host).PipeTo(self, self, found => new TombstonesFound(host, found));
    }

    private void TellHostChange(HostSnapshot? host)
    {
        if (host is { State: HostState.Down } ? down.Add(host.Name) : host is { State: HostState.Ready } && down.Remove(host.Name))
        {
            TellStacksOf(host, new StackMessage.HostChanged(host));
        }
        if (host is { State: HostState.Ready } && (host.Facts?.EngineError is null ? mute.Remove(host.Name) : mute.Add(host.Name)))
        {
            TellStacksOf(host, new StackMessage.EngineChanged(host));
        }
    }

    private void TellStacksOf(HostSnapshot host, StackMessage message)
    {
        foreach (var stack in host.Stacks)
        {
            stacks.GetValueOrDefault(stack)?.Tell(message);
        }
    }

    /// <summary>A host is back that missed the removal of a stack.</summary>
    private async Task ClearAsync(TombstonesFound message)
    {
        foreach (var (stack, networks, volumes) in message.Stacks)
        {
            if (await IsKnownAsync(stack))
            {
                await store.DeleteTombstoneAsync(message.Host, stack);
                continue;
            }
            if (clearing.Add($"{message.Host}/{stack}"))
            {
                var self = Self;
                var command = new AgentCommand.RemoveStack { CommandId = $"{stack}/rm-late/{message.Host}", Stack = stack, Networks = networks, Volumes = volumes };
                _ = fleet.Ask<FleetMessage>(new FleetMessage.Send(message.Host, command), TimeSpan.FromMinutes(15))
                    .PipeTo(self, self, a => new Cleared(message.Host, stack, a), _ => new Cleared(message.Host, stack, new FleetMessage.HostLost(message.Host, null)));
            }
        }
    }

    private IActorRef StackOf(string name)
    {
        if (!stacks.TryGetValue(name, out var stack))
        {
            var (o, s, c, p, l) = (options, store, certificates, peers, loggers);
            stacks[name] = stack = Context.ActorOf(Props.Create(() => new StackActor(name, o, s, c, p, l)), $"stack-{name}");
        }
        return stack;
    }

    private sealed record Load;

    private sealed record TombstonesFound(string Host, ImmutableArray<(string Stack, ImmutableArray<string> Networks, ImmutableArray<string> Volumes)> Stacks);

    private sealed record Cleared(string Host, string Stack, FleetMessage Answer);
}
