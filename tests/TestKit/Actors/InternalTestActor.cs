namespace Orchestrator.Actors.TestKit;

/// <summary>The actor behind a test kit or probe: puts what it is told into the queue, and watches and spawns for the test.</summary>
internal sealed class InternalTestActor(TestQueue queue, TestActorFilter filter) : UntypedActor
{
    private readonly PerChildStrategy _strategy = new();

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Command command:
                command.Run(this);
                break;
            default:
                if (filter.ShouldIgnore is not { } shouldIgnore || !shouldIgnore(message))
                {
                    queue.Add(new RealMessageEnvelope(message, Sender));
                }
                break;
        }
    }

    private IActorRef Spawn(Props props, string? name, SupervisorStrategy? strategy)
    {
        var child = Context.ActorOf(props, name);
        if (strategy is not null)
        {
            _strategy.Set(child, strategy);
        }
        return child;
    }

    /// <summary>Something the test wants done in the test actor's turn.</summary>
    internal sealed class Command(Func<InternalTestActor, IActorRef> action) : INotInfluenceReceiveTimeout
    {
        private readonly TaskCompletionSource<IActorRef> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<IActorRef> Done => _done.Task;

        internal static Command Watch(IActorRef subject) => new(actor => Context.Watch(subject));

        internal static Command Unwatch(IActorRef subject) => new(actor => Context.Unwatch(subject));

        internal static Command Spawn(Props props, string? name, SupervisorStrategy? strategy) =>
            new(actor => actor.Spawn(props, name, strategy));

        internal void Run(InternalTestActor actor)
        {
            try
            {
                _done.SetResult(action(actor));
            }
            catch (Exception exception)
            {
                _done.SetException(exception);
            }
        }
    }

    /// <summary>Each child may be supervised by the strategy that the test gave for it; its restart limits do not apply.</summary>
    private sealed class PerChildStrategy() : OneForOneStrategy(DefaultDecider)
    {
        private readonly Dictionary<IActorRef, SupervisorStrategy> _byChild = [];

        internal void Set(IActorRef child, SupervisorStrategy strategy) => _byChild[child] = strategy;

        protected override Directive Handle(IActorRef child, Exception exception) =>
            _byChild.TryGetValue(child, out var strategy) ? strategy.DirectiveFor(child, exception) : base.Handle(child, exception);
    }
}

internal sealed class TestActorFilter
{
    private Func<object, bool>? _shouldIgnore;

    internal Func<object, bool>? ShouldIgnore
    {
        get => Volatile.Read(ref _shouldIgnore);
        set => Volatile.Write(ref _shouldIgnore, value);
    }
}
