using System.Globalization;
using System.Text.Json;
using Orchestrator.Agent.Links;
using Orchestrator.Fleet;
using Orchestrator.Protocol;

namespace Orchestrator.Simulation;

/// <summary>One connection: in each direction a queue that keeps its order and takes its time. When it breaks, what is under way may arrive or not, until that end has noticed.</summary>
internal sealed class SimSession(World world, SimHost host, SimProcess agent, SimProcess coordinator)
{
    private readonly Queue<AgentEvent> _early = new();
    private IActorRef _downlink = ActorRefs.Nobody;
    private IActorRef? _hostEnd;
    private DateTimeOffset _lastDown;
    private DateTimeOffset _lastUp;
    private bool _isOpenAtAgent = true;
    private bool _isOpenAtCoordinator = true;
    private bool _deliversUp = true;
    private bool _deliversDown = true;

    public bool IsBroken { get; private set; }

    /// <summary>A process that has ended holds no connection, though nobody has noticed that it is broken.</summary>
    public bool IsOpenAtAgent => _isOpenAtAgent && agent.IsAlive;

    public void Open()
    {
        var session = this;
        _downlink = coordinator.System.ActorOf(Props.Create(() => new Downlink(session)), string.Create(CultureInfo.InvariantCulture, $"session-{host.Name}-{world.NextNumber()}"));
        var fleet = world.Coordinator.Ref;
        fleet.Tell(new FleetMessage.AgentConnected(host.Name, _downlink), _downlink);
        host.Link.OnOpened();
        world.After(Delay(), () =>
        {
            if (!IsOpenAtAgent || IsBroken) return;
            world.Tell(host.Name, "link is up");
            var uplink = agent.System.ActorOf(Props.Create(() => new Uplink(session)));
            host.AgentRef.Tell(new UplinkMessage.LinkUp(uplink));
        });
    }

    /// <param name="agentNotices">After what time.</param>
    /// <param name="coordinatorNotices">After what time.</param>
    public void Break(TimeSpan agentNotices, TimeSpan coordinatorNotices)
    {
        if (IsBroken) return;
        IsBroken = true;
        _deliversUp = world.Dice.Chance(0.5);
        _deliversDown = world.Dice.Chance(0.5);
        world.After(agentNotices, CloseAgentEnd);
        world.After(coordinatorNotices, CloseCoordinatorEnd);
    }

    public void SendDown(AgentCommand command)
    {
        if (!coordinator.IsAlive) return;
        world.OnSent(host, command);
        if (IsBroken) return;
        _lastDown = Later(_lastDown, world.Now + Delay());
        var wire = Encoded(command);
        world.After(_lastDown - world.Now, () =>
        {
            if (!IsOpenAtAgent || (IsBroken && !_deliversDown)) return;
            foreach (var delivered in world.Options.Mutation.Down(host, wire))
            {
                world.OnDelivered(host, delivered);
                host.AgentRef.Tell(delivered);
            }
        });
    }

    public void SendUp(AgentEvent happened)
    {
        if (!agent.IsAlive || IsBroken) return;
        _lastUp = Later(_lastUp, world.Now + Delay());
        var wire = Encoded(happened);
        world.After(_lastUp - world.Now, () =>
        {
            if (!coordinator.IsAlive || !_isOpenAtCoordinator || (IsBroken && !_deliversUp)) return;
            foreach (var delivered in world.Options.Mutation.Up(host, wire)) Hand(delivered);
        });
    }

    private void Hand(AgentEvent happened)
    {
        if (_hostEnd is null)
        {
            _early.Enqueue(happened);
            return;
        }

        world.OnDelivered(host, happened);
        _hostEnd.Tell(happened, _downlink);
    }

    private void OnOpened(IActorRef hostEnd)
    {
        _hostEnd = hostEnd;
        while (_early.TryDequeue(out var happened)) Hand(happened);
    }

    private void CloseAgentEnd()
    {
        if (!IsOpenAtAgent) return;
        _isOpenAtAgent = false;
        world.Tell(host.Name, "link is down");
        host.AgentRef.Tell(new UplinkMessage.LinkDown("the link broke"));
        host.Link.Dial();
    }

    private void CloseCoordinatorEnd()
    {
        if (!_isOpenAtCoordinator) return;
        _isOpenAtCoordinator = false;
        host.Link.OnClosed(this);
        if (!coordinator.IsAlive) return;
        world.Coordinator.Ref.Tell(new FleetMessage.AgentDisconnected(host.Name, _downlink, "the link broke"), _downlink);
        coordinator.System.Stop(_downlink);
    }

    /// <summary>The fleet has a newer session of this host.</summary>
    private void OnReplaced()
    {
        _isOpenAtCoordinator = false;
        coordinator.System.Stop(_downlink);
        if (!IsBroken) Break(Delay(), TimeSpan.Zero);
    }

    private TimeSpan Delay() => world.Dice.Between(TimeSpan.FromMilliseconds(1), world.Options.LinkDelayMax);

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private AgentCommand Encoded(AgentCommand command) => world.Options.EncodesMessages
        ? JsonSerializer.Deserialize(JsonSerializer.Serialize(command, ProtocolJson.Default.AgentCommand), ProtocolJson.Default.AgentCommand)!
        : command;

    private AgentEvent Encoded(AgentEvent happened) => world.Options.EncodesMessages
        ? JsonSerializer.Deserialize(JsonSerializer.Serialize(happened, ProtocolJson.Default.AgentEvent), ProtocolJson.Default.AgentEvent)!
        : happened;

    /// <summary>The coordinator's end, in its system.</summary>
    private sealed class Downlink : ReceiveActor
    {
        public Downlink(SimSession session)
        {
            Receive<AgentCommand>(session.SendDown);
            Receive<FleetMessage.SessionOpened>(m => session.OnOpened(m.Uplink));
            Receive<FleetMessage.SessionReplaced>(_ => session.OnReplaced());
        }
    }

    /// <summary>The agent's end, in its system.</summary>
    private sealed class Uplink : ReceiveActor
    {
        public Uplink(SimSession session) => Receive<AgentEvent>(session.SendUp);
    }
}
