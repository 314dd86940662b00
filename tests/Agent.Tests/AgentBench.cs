using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent.Links;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Preflight;
using Orchestrator.Agent.Replicas;
using Orchestrator.Agent.Tests.Names;
using Orchestrator.Agent.Tests.Networks;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests;

/// <summary>A host: an engine in memory, an agent on it, and what the coordinator would hear. All on the test's thread, in virtual time.</summary>
internal sealed class AgentBench : IDisposable
{
    public const string Image = "registry.test/web:v1";

    private readonly DeterministicDispatcher _dispatcher;
    private readonly ActorSystem _system;
    private readonly bool _isFleet;
    private readonly IHostProbe? _probe;
    private int _incarnations;
    private int _actors;

    /// <param name="isFleet">With other hosts to be joined with; this one is reached at 10.77.0.1.</param>
    /// <param name="probe">What the agent sees of its host beside the engine; null: nothing.</param>
    public AgentBench(int seed = 1, bool isFleet = false, IHostProbe? probe = null)
    {
        _isFleet = isFleet;
        _probe = probe;
        _dispatcher = new DeterministicDispatcher(Time, seed);
        _system = ActorSystem.Create("bench", new ActorSystemOptions { TimeProvider = Time, Dispatcher = _dispatcher });
        Engine = new FakeEngine(Time);
        Engine.Registry.Push(new FakeImage(Image));
        Uplink = _system.ActorOf(Props.Create(() => new Recorder(Heard)), "uplink");
        Agent = StartAgent();
    }

    public VirtualTimeProvider Time { get; } = new();

    public FakeEngine Engine { get; }

    public FakeLinkCommands Links { get; } = new();

    public FakeReadyProbe Ready { get; } = new();

    /// <summary>Everything since the last <see cref="Forget"/>.</summary>
    public List<AgentEvent> Heard { get; } = [];

    public IActorRef Uplink { get; }

    public IActorRef Agent { get; private set; }

    public static ReplicaKey Key(int slot = 1, string revision = "aaaabbbbcccc", string service = "web") => new("shop", service, slot, revision);

    /// <param name="image">Gets its digest, as the coordinator would give it.</param>
    public ReplicaSpec Spec(Func<ContainerSpec, ContainerSpec>? change = null, TimeSpan? monitor = null, TimeSpan? deadline = null, string image = Image, string hash = "hash-1")
    {
        var pinned = Engine.Registry.Find(ImageReference.Parse(image)) is { } known ? ImageReference.Parse(image).WithDigest(known.Digest).Familiar : image;
        var container = new ContainerSpec { Image = pinned };
        return new ReplicaSpec { Container = change?.Invoke(container) ?? container, ConfigHash = hash, Monitor = monitor ?? TimeSpan.FromSeconds(5), ProgressDeadline = deadline ?? TimeSpan.FromMinutes(10) };
    }

    /// <summary>Connects, and forgets the inventory that comes of it.</summary>
    public AgentBench Connected()
    {
        LinkUp();
        Forget();
        return this;
    }

    public void LinkUp()
    {
        Agent.Tell(new UplinkMessage.LinkUp(Uplink));
        Settle();
    }

    public void LinkDown()
    {
        Agent.Tell(new UplinkMessage.LinkDown("test"));
        Settle();
    }

    public void Send(AgentCommand command)
    {
        Agent.Tell(command);
        Settle();
    }

    public void Start(ReplicaSpec spec, string id = "start-1", ReplicaKey? key = null) => Send(new AgentCommand.StartReplica { CommandId = id, Key = key ?? Key(), Spec = spec });

    public void Stop(bool retain = false, string id = "stop-1", ReplicaKey? key = null, TimeSpan? grace = null) => Send(new AgentCommand.StopReplica { CommandId = id, Key = key ?? Key(), Retain = retain, Grace = grace });

    /// <summary>Starts it, and lets its time pass until it has passed its gate.</summary>
    public FakeContainer Passed(ReplicaSpec spec, string id = "start-1", ReplicaKey? key = null)
    {
        Start(spec, id, key);
        Advance(spec.Monitor + TimeSpan.FromSeconds(10));
        Assert.Contains(new AgentEvent.ReplicaPassed(id, key ?? Key()), Heard);
        return Container(key);
    }

    public void Settle() => _dispatcher.RunUntilIdle();

    public void Advance(TimeSpan by) => _dispatcher.Advance(by);

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    public void Forget() => Heard.Clear();

    public IEnumerable<T> All<T>()
        where T : AgentEvent => Heard.OfType<T>();

    /// <summary>The only one of its kind.</summary>
    public T One<T>()
        where T : AgentEvent => Assert.Single(All<T>());

    public FailureReport Failure() => One<AgentEvent.ReplicaFailed>().Report;

    /// <summary>What the coordinator knows of the replica by now; null for nothing.</summary>
    public ReplicaSnapshot? Known(ReplicaKey? key = null)
    {
        ReplicaSnapshot? known = null;
        foreach (var happened in Heard)
        {
            if (happened is AgentEvent.InventoryReported inventory) known = inventory.Replicas.FirstOrDefault(replica => replica.Key == (key ?? Key()));
            else if (happened is AgentEvent.ReplicaChanged changed && changed.Replica.Key == (key ?? Key())) known = changed.Replica;
            else if (happened is AgentEvent.ReplicaGone gone && gone.Key == (key ?? Key())) known = null;
        }

        return known;
    }

    public FakeContainer Container(ReplicaKey? key = null) => Assert.Single(Engine.Containers, container => container.Name == (key ?? Key()).ContainerName);

    public int CallsOf(string operation) => Engine.Calls.Count(call => call.Operation == operation);

    /// <summary>The agent's process ends without a word, and another one starts.</summary>
    public void RestartAgent()
    {
        _system.Stop(Agent);
        Settle();
        Forget();
        Agent = StartAgent();
        LinkUp();
    }

    /// <summary>One of the agent's own.</summary>
    public IActorRef Child(string name)
    {
        var found = _system.ActorSelection(Agent.Path.ToStringWithoutAddress() + "/" + name).ResolveOne(TimeSpan.FromSeconds(1));
        Settle();
        return found.Result;
    }

    /// <summary>Beside the agent.</summary>
    public IActorRef StartActor(Props props)
    {
        var actor = _system.ActorOf(props, $"beside-{++_actors}");
        Settle();
        return actor;
    }

    public IActorRef Listener(List<object> heard) => StartActor(Props.Create(() => new AnythingRecorder(heard)));

    public IReadOnlyList<NetworkDetails> Networks() => Engine.ListNetworksAsync(EngineFilters.None, CancellationToken.None).Result;

    public void Dispose() => _system.Dispose();

    private IActorRef StartAgent()
    {
        var options = new AgentOptions { HostName = "h1", AgentVersion = "1.2.3", Labels = ImmutableSortedDictionary<string, string>.Empty.Add("zone", "a"), ReadyProbe = Ready, HostProbe = _probe, Overlay = _isFleet ? new OverlayHost(Links, () => "10.77.0.1") { Names = () => new FakeNameServers() } : null };
        var engine = Engine;
        var agent = _system.ActorOf(Props.Create(() => new AgentActor(options, engine, NullLoggerFactory.Instance)), $"agent{++_incarnations}");
        Settle();
        return agent;
    }

    private sealed class AnythingRecorder : ReceiveActor
    {
        public AnythingRecorder(List<object> heard) => ReceiveAny(heard.Add);
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<AgentEvent> heard) => Receive<AgentEvent>(heard.Add);
    }
}
