using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;
using Orchestrator.Tests.Store;

namespace Orchestrator.Tests.Changes;

/// <summary>A coordinator with all its actors over a store in memory, and hosts that do as the test says. All on the test's thread, in virtual time.</summary>
internal sealed class StackBench : IDisposable
{
    private readonly DeterministicDispatcher dispatcher;
    private readonly Dictionary<string, IActorRef> downlinks = new(StringComparer.Ordinal);
    private readonly List<IActorRef> following = [];
    private ActorSystem system = null!;
    private IActorRef coordinator = null!;
    private int incarnations;
    private int followers;

    private readonly OverlayOptions? overlay;

    public StackBench(params string[] hosts)
        : this(null, hosts)
    {
    }

    /// <param name="overlay">Networks span hosts.</param>
    public StackBench(OverlayOptions? overlay, string[] hosts)
    {
        this.overlay = overlay;
        dispatcher = new DeterministicDispatcher(Time, seed: 1);
        Hosts = hosts.ToDictionary(h => h, h => new FakeHost(h), StringComparer.Ordinal);
        Start();
    }

    public VirtualTimeProvider Time { get; } = new();

    public FailingStore Store { get; } = new();

    public Dictionary<string, FakeHost> Hosts { get; }

    public FakeHost this[string host] => Hosts[host];

    public static StackSpec Spec(params ServiceSpec[] services) => new() { Name = World.Stack, Services = [.. services] };

    /// <summary>Failures are decided at once, and whatever a service depends on has begun before it.</summary>
    public static ServiceSpec Service(string name, string image = "app:v1", int replicas = 1, FailureAction onFailure = FailureAction.Pause, RestartSpec? restart = null, params string[] after)
    {
        var service = World.Service(name, image, replicas, new UpdateSpec { FailureAction = onFailure, Monitor = TimeSpan.Zero, Order = UpdateOrder.StartFirst, Parallelism = 1 }, after);
        return restart is null ? service : service with { Container = service.Container with { Restart = restart } };
    }

    public static FailureReport Crash(int exitCode = 1) => new() { Stage = ReplicaStage.Gate, Message = $"it exited with code {exitCode}, before it was ready", ExitCode = exitCode, ProbeOutput = "connection refused" };

    public void FailImage(string image)
    {
        foreach (var host in Hosts.Values)
        {
            host.Judge = (_, spec) => spec.Container.Image.StartsWith(image, StringComparison.Ordinal) ? Crash() : null;
        }
    }

    public void Hang(Func<ReplicaKey, bool> which)
    {
        foreach (var host in Hosts.Values)
        {
            host.Hangs = which;
        }
    }

    /// <summary>What the follower of the request has heard so far, and still hears.</summary>
    public List<object> Ask(ChangeRequest request)
    {
        var heard = new List<object>();
        var follower = system.ActorOf(Props.Create(() => new Recorder(heard)), $"follower-{++followers}");
        following.Add(follower);
        coordinator.Tell(new StackMessage.Change(request, follower), follower);
        dispatcher.RunUntilIdle();
        return heard;
    }

    public List<object> Deploy(StackSpec spec, bool isAtomic = false, string? by = null) => Ask(new ChangeRequest.Deploy { Stack = spec.Name, Spec = spec, IsAtomic = isAtomic, By = by });

    public static ChangeEvent.Ended End(List<object> heard) => heard.OfType<StackMessage.Followed>().Select(f => f.Event).OfType<ChangeEvent.Ended>().Single();

    public T Query<T>(object question)
    {
        var heard = new List<object>();
        var asker = system.ActorOf(Props.Create(() => new Recorder(heard)), $"follower-{++followers}");
        coordinator.Tell(question, asker);
        dispatcher.RunUntilIdle();
        return Assert.IsType<T>(Assert.Single(heard));
    }

    public StackState State => Query<StackState>(new StackMessage.GetState(World.Stack));

    public ImmutableArray<StackEvent> Events => Query<StackMessage.EventsFound>(new StackMessage.GetEvents(World.Stack, ImmutableDictionary<string, EventMark>.Empty, null)).Events;

    public ExplanationView Explain(string? service = null) => Query<StackMessage.Explained>(new StackMessage.Explain(World.Stack, service)).View;

    /// <summary>What runs: <c>web.1=app:v1</c>, in order.</summary>
    public string Running => string.Join(' ', Hosts.Values
        .SelectMany(h => h.Replicas)
        .Where(r => r.State == ReplicaState.Running)
        .Select(r => $"{r.Key.Service}.{r.Key.Slot}={r.Image[..r.Image.IndexOf('@', StringComparison.Ordinal)]}")
        .Order(StringComparer.Ordinal));

    /// <summary>As with Ctrl-C in every command that follows.</summary>
    public void LeaveAll()
    {
        following.ForEach(system.Stop);
        dispatcher.RunUntilIdle();
    }

    /// <summary>Of the commands so far.</summary>
    public void Forget()
    {
        foreach (var host in Hosts.Values)
        {
            host.Commands.Clear();
        }
    }

    public void Advance(double seconds) => dispatcher.Advance(TimeSpan.FromSeconds(seconds));

    public void Tell(StackMessage message)
    {
        coordinator.Tell(message);
        dispatcher.RunUntilIdle();
    }

    public void Settle() => dispatcher.RunUntilIdle();

    public void Disconnect(string host) => coordinator.Tell(new FleetMessage.AgentDisconnected(host, downlinks[host], "cut"));

    public void Connect(string host)
    {
        var agent = Hosts[host];
        downlinks[host] = system.ActorOf(Props.Create(() => new Agent(agent, coordinator)), $"agent-{host}-{++incarnations}");
        dispatcher.RunUntilIdle();
    }

    /// <summary>From the history, as an earlier release's pruning did.</summary>
    public void Lose(int revision) => Store.CommitAsync([new StoreChange.Delete($"stacks/{World.Stack}/revisions/{revision:D8}")], CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>As after <c>kill -9</c>: the store is all that is left.</summary>
    public void CrashAndRestart()
    {
        system.Terminate();
        dispatcher.RunUntilIdle();
        Start();
    }

    public void Dispose()
    {
        system.Terminate();
        dispatcher.RunUntilIdle();
    }

    private void Start()
    {
        system = ActorSystem.Create($"bench-{++incarnations}", new ActorSystemOptions { TimeProvider = Time, Dispatcher = dispatcher });
        var (kept, spanning, loggers) = (Store, overlay, NullLoggerFactory.Instance);
        coordinator = system.ActorOf(Props.Create(() => new CoordinatorActor(new FleetOptions { RemembersHosts = true }, new StackOptions { Repairs = true, Overlay = spanning }, kept, SealKey.Ephemeral(), loggers)), "coordinator");
        foreach (var host in Hosts.Keys)
        {
            Connect(host);
        }
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(List<object> heard) => ReceiveAny(heard.Add);
    }

    private sealed class Agent : ReceiveActor
    {
        public Agent(FakeHost host, IActorRef fleet)
        {
            Receive<FleetMessage.SessionOpened>(opened =>
            {
                host.Uplink = opened.Uplink;
                opened.Uplink.Tell(host.Inventory());
            });
            Receive<AgentCommand>(command =>
            {
                foreach (var answer in host.Answer(command).ToList())
                {
                    host.Uplink!.Tell(answer);
                }
            });
            Receive<FleetMessage.SessionReplaced>(_ => { });
            fleet.Tell(new FleetMessage.AgentConnected(host.Name, Self), Self);
        }
    }
}
