namespace Orchestrator.Actors;

/// <summary>One actor's life: its identity, its mailbox, its instance, its behaviours. Everything but the mailbox's input happens in the actor's turn.</summary>
internal sealed partial class ActorCell : IUntypedActorContext
{
    [ThreadStatic]
    private static ActorCell? t_current;

    private readonly LocalActorRef _self;
    private readonly IInternalActorRef _parent;
    private readonly Stack<Receive> _behaviors = new();
    private ActorBase? _actor;
    private SupervisorStrategy? _strategy;
    private Envelope _current;

    internal ActorCell(ActorSystem system, Props props, LocalActorRef self, IInternalActorRef parent)
    {
        System = system;
        Props = props;
        _self = self;
        _parent = parent;
        var options = system.Options;
        var dispatcher = options.DispatcherOrDefault;
        Mailbox = new Mailbox(this, dispatcher, options.MailboxCapacityCount, options.ThroughputCount ?? dispatcher.DefaultThroughput);
        self.Attach(this);
    }

    /// <summary>The actor whose turn it is on this thread.</summary>
    internal static ActorCell? Current
    {
        get => t_current;
        set => t_current = value;
    }

    public ActorSystem System { get; }

    public Props Props { get; }

    public IActorRef Self => _self;

    public IActorRef Parent => _parent;

    public IActorRef Sender => _current.Sender ?? System.DeadLetters;

    internal IActorRef? SenderOrNull => _current.Sender;

    internal IInternalActorRef ParentRef => _parent;

    internal Mailbox Mailbox { get; }

    internal Children Children { get; } = new();

    internal Envelope CurrentEnvelope => _current;

    internal static ActorCell? EnterTurn(ActorCell cell)
    {
        var outer = t_current;
        t_current = cell;
        return outer;
    }

    internal static void LeaveTurn(ActorCell? outer) => t_current = outer;

    public void Become(Receive receive)
    {
        if (_behaviors.Count > 1)
        {
            _behaviors.Pop();
        }
        _behaviors.Push(receive);
    }

    public void BecomeStacked(Receive receive) => _behaviors.Push(receive);

    public void Become(UntypedReceive receive) => Become(Handled(receive));

    public void BecomeStacked(UntypedReceive receive) => BecomeStacked(Handled(receive));

    public void UnbecomeStacked()
    {
        // The lowest behaviour is the actor's own and stays.
        if (_behaviors.Count > 1)
        {
            _behaviors.Pop();
        }
    }

    internal void Start() => Mailbox.PostSystem(new CreateMessage());

    internal void Invoke(in Envelope envelope)
    {
        _current = envelope;
        try
        {
            if (envelope.Message is TimerMessage or SilenceMessage)
            {
                if (Translate(envelope.Message) is not { } message)
                {
                    return;
                }
                _current = new Envelope(message, envelope.Sender);
            }
            BeforeMessage(_current.Message);
            if (_current.Message is IAutoReceivedMessage)
            {
                AutoReceive(_current.Message);
            }
            else
            {
                Receive(_current.Message);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
        finally
        {
            AfterMessage();
            _current = default;
        }
    }

    private void Receive(object message) => _actor!.AroundReceiveInternal(_behaviors.Peek(), message);

    /// <summary>What the actor is to see of its timers' messages; null when they have been overtaken.</summary>
    private object? Translate(object message) => message switch
    {
        TimerMessage timer => ((_actor as IWithTimers)?.Timers as ActorTimers)?.Intercept(timer),
        SilenceMessage silence when IsCurrent(silence) => Orchestrator.Actors.ReceiveTimeout.Instance,
        _ => null,
    };

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case PoisonPill:
                Stop(Self);
                break;
            case Kill:
                throw new ActorKilledException($"{Self.Path} was told Kill.");
            case Terminated terminated:
                ReceiveTerminated(terminated);
                break;
            default:
                Receive(message);
                break;
        }
    }

    private static Receive Handled(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    private ActorBase NewActor()
    {
        _behaviors.Clear();
        _strategy = null;
        var actor = Props.NewActor();
        _actor = actor;
        if (actor is IActorStash stashing)
        {
            stashing.Stash = new MessageStash(this, Props.StashCapacity ?? System.Options.MailboxCapacityCount);
        }
        if (actor is IWithTimers timed)
        {
            timed.Timers = new ActorTimers(this);
        }
        (actor as ReceiveActor)?.EndConfiguration();
        return actor;
    }

    /// <summary>Lets go of an incarnation: its timers end, and what it had stashed returns to the mailbox.</summary>
    private void ReleaseActor()
    {
        if (_actor is IWithTimers timed)
        {
            (timed.Timers as ActorTimers)?.CancelAll();
        }
        if (_actor is IActorStash { Stash: MessageStash stash })
        {
            stash.UnstashAll();
        }
        _actor = null;
        _behaviors.Clear();
    }

    private void PublishError(Exception cause, string message) =>
        System.EventStream.Publish(new Error(System.Time.GetUtcNow().UtcDateTime, cause, Self.Path.ToString(), Props.Type, message));
}
