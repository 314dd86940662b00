using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Agent;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Networks;
using Orchestrator.Agent.Tests.Names;
using Orchestrator.Agent.Tests.Networks;
using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;

namespace Orchestrator.Simulation;

/// <summary>A machine: an engine, an ingress, an agent in one of its lives, and a link to the coordinator.</summary>
internal sealed class SimHost
{
    private readonly World _world;
    private readonly HashSet<string> _unstoppable = new(StringComparer.Ordinal);
    private FakeLinkCommands _devices = new();
    private int _lives;
    private int _engines;
    private (int CallsLeft, bool IsAfter, TimeSpan Away)? _crashPoint;

    public SimHost(World world, int number)
    {
        _world = world;
        Name = string.Create(CultureInfo.InvariantCulture, $"h{number}");
        Address = string.Create(CultureInfo.InvariantCulture, $"10.77.0.{number}");
        Clock = new SimClock(world.Time);
        Engine = NewEngine();
        Link = new SimLink(world, this);
    }

    public string Name { get; }

    public string Address { get; }

    public SimClock Clock { get; }

    public FakeEngine Engine { get; private set; }

    public SimIngress Ingress { get; private set; } = new();

    public SimLink Link { get; }

    /// <summary>Null while no agent runs.</summary>
    public SimProcess? Agent { get; private set; }

    public IActorRef AgentRef { get; private set; } = ActorRefs.Nobody;

    /// <summary>Has power.</summary>
    public bool IsUp { get; private set; } = true;

    /// <summary>Calls of the agents to the engine so far.</summary>
    public int Calls { get; private set; }

    public void StartAgent()
    {
        if (!IsUp || Agent is not null) return;
        var process = Agent = new SimProcess(_world, string.Create(CultureInfo.InvariantCulture, $"agent-{Name}-{++_lives}"), Clock);
        var (world, host, devices, address) = (_world, this, _devices, Address);
        var ingress = Props.Create(() => new SimIngressActor(world, host, process));
        var options = new AgentOptions
        {
            HostName = Name,
            AgentVersion = "simulated",
            Overlay = new OverlayHost(devices, () => address) { Names = () => new FakeNameServers() },
            Sinks = ImmutableSortedDictionary<string, Props>.Empty.Add(IngressActor.SinkName, ingress),
            Time = process.Clock,
        };
        var loggers = _world.Options.Loggers;
        IEngine engine = new SimEngine(_world, this, process, _world.Options.Mutation.Engine(this, Engine));
        _world.Tell(Name, "agent starts");
        AgentRef = process.System.ActorOf(Props.Create(() => new AgentActor(options, engine, loggers)), "agent");
        Link.Dial();
    }

    /// <summary>The agent's process is gone in the middle of whatever it did; systemd starts another.</summary>
    public void CrashAgent(TimeSpan away)
    {
        if (Agent is null) return;
        _world.OnFault(this, "agent crashes");
        EndAgent(TimeSpan.FromMilliseconds(50));
        _world.After(away, StartAgent);
    }

    /// <summary>Crashes the agent at a call to its engine that is still to come: before the call has its effect, or after.</summary>
    public void CrashAgentAtCall(int callsLeft, bool isAfter, TimeSpan away) => _crashPoint = (callsLeft, isAfter, away);

    /// <summary>No power: containers, ingress and agent are gone. With it come back what restart policies bring back, and the agent.</summary>
    public void Crash(TimeSpan away)
    {
        if (!IsUp) return;
        _world.OnFault(this, "host crashes");
        IsUp = false;
        EndAgent(noticed: null);
        Engine.Crash();
        Ingress.Crash();
        _devices = new FakeLinkCommands();
        _world.After(away, Return);
    }

    /// <summary>Another machine takes its name: nothing of the former one is on it.</summary>
    public void Replace(TimeSpan away)
    {
        if (!IsUp) return;
        _world.OnFault(this, "host is replaced");
        IsUp = false;
        EndAgent(noticed: null);
        Engine.Crash();
        Engine = NewEngine();
        Ingress = new SimIngress();
        _devices = new FakeLinkCommands();
        _unstoppable.Clear();
        _world.After(away, Return);
    }

    /// <summary>The engine's daemon restarts.</summary>
    /// <param name="away">How long it does not answer.</param>
    /// <param name="keepsContainers">With live-restore they run on; else they end, and come back by their policies.</param>
    public void RestartEngine(TimeSpan away, bool keepsContainers)
    {
        if (!IsUp || !Engine.IsReachable) return;
        _world.OnFault(this, keepsContainers ? "engine restarts, containers run on" : "engine restarts with its containers");
        var engine = Engine;
        if (keepsContainers) engine.Disconnect();
        else engine.Crash();
        _world.After(away, () =>
        {
            if (!IsUp || engine != Engine) return;
            _world.Tell(Name, "engine answers again");
            if (keepsContainers) engine.Reconnect();
            else engine.Boot();
        });
    }

    public void StepClock(TimeSpan by)
    {
        _world.OnFault(this, $"clock steps by {by}");
        Clock.Offset += by;
    }

    public void CrashIngress()
    {
        _world.OnFault(this, "ingress crashes");
        Ingress.Crash();
    }

    public void StickIngress(TimeSpan time)
    {
        _world.OnFault(this, "ingress hangs");
        var ingress = Ingress;
        ingress.IsStuck = true;
        _world.After(time, () => ingress.IsStuck = false);
    }

    /// <summary>A container's process ends by itself.</summary>
    public void EndProcess(FakeContainer container, int exitCode, bool oomKilled)
    {
        if (!container.IsRunning) return;
        _world.OnFault(this, $"process of {container.Name} ends with {exitCode}{(oomKilled ? " (out of memory)" : "")}");
        Engine.EndProcess(container.Id, exitCode, oomKilled);
    }

    /// <summary>The engine accepts a stop of this container, and never answers it; a kill works.</summary>
    public void StopNever(string containerId) => _unstoppable.Add(containerId);

    public bool StopsNever(string container) => _unstoppable.Contains(container);

    public FakeContainer? Find(string container) => Engine.Containers.FirstOrDefault(c => c.Id == container || c.Name == container);

    public IEnumerable<FakeContainer> Of(string stack) => Engine.Containers.Where(c => c.Request.Labels.GetValueOrDefault(Protocol.ReplicaLabels.Stack) == stack);

    /// <summary>What was to break later does not any more, and nothing that has broken in part stays so.</summary>
    public void Heal()
    {
        _crashPoint = null;
        _unstoppable.Clear();
        Engine.ClearFaults();
    }

    public void OnCall(SimProcess process, string operation, string subject, bool isBefore)
    {
        if (isBefore) Calls++;
        if (!process.IsAlive) return;
        if (_crashPoint is { } point && process == Agent && point.IsAfter != isBefore)
        {
            if (point.CallsLeft > 1)
            {
                _crashPoint = point with { CallsLeft = point.CallsLeft - 1 };
            }
            else
            {
                _crashPoint = null;
                _world.Tell(Name, $"agent dies {(isBefore ? "before" : "after")} {operation} {subject}");
                CrashAgent(point.Away);
                return;
            }
        }

        _world.OnEngineCall(this, operation, subject, isBefore);
    }

    private void Return()
    {
        if (IsUp) return;
        IsUp = true;
        _world.Tell(Name, "host is up");
        Engine.Boot();
        StartAgent();
    }

    private void EndAgent(TimeSpan? noticed)
    {
        Agent?.Kill();
        Agent = null;
        AgentRef = ActorRefs.Nobody;
        Link.OnAgentGone(noticed);
    }

    private FakeEngine NewEngine() => new(Clock, _world.Registry, string.Create(CultureInfo.InvariantCulture, $"sim://{Name}/{++_engines}"))
    {
        Latency = _world.Options.EngineDelay,
        Info = new EngineInfo($"SIM:{Name}:{_engines}", Name, 4, 8L * 1024 * 1024 * 1024, "linux", "x86_64", ImmutableDictionary<string, string>.Empty, "24.0.7", "2"),
    };
}
