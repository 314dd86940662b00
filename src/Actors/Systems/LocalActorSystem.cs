using System.Globalization;

namespace Orchestrator.Actors;

internal sealed class LocalActorSystem : ActorSystem
{
    private readonly TimeProviderScheduler _scheduler;
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<Action> _onTermination = new();
    private readonly Lock _gate = new();
    private readonly ActorPath _rootPath;
    private readonly LocalActorRef _user;
    private readonly LocalActorRef _system;
    private long _uid;
    private long _temp;

    internal LocalActorSystem(string name, ActorSystemOptions options)
    {
        if (string.IsNullOrEmpty(name) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || name[0] is '-' or '_')
        {
            throw new ArgumentException($"\"{name}\" cannot name an actor system. Use letters, digits, - and _, and begin with a letter or digit.", nameof(name));
        }
        options.Validate();
        Name = name;
        Options = options;
        _rootPath = ActorPath.ForRoot(name);
        _scheduler = new TimeProviderScheduler(options.TimeProvider);
        StartTime = TimeSpan.FromTicks(options.TimeProvider.GetUtcNow().UtcTicks);
        EventStream = new EventStream();
        DeadLetterRef = new DeadLetterActorRef(this, _rootPath.Child("deadLetters"), EventStream);
        RootRef = new LocalActorRef(_rootPath.WithUid(NextUid()));
        var root = new ActorCell(this, Props.Create<RootGuardian>(), RootRef, new SystemEnd(this));
        _user = (LocalActorRef)root.ActorOf(Props.Create<Guardian>(), "user");
        _system = (LocalActorRef)root.ActorOf(Props.Create<Guardian>(), "system");
        root.Start();
    }

    public override string Name { get; }

    public override EventStream EventStream { get; }

    public override IActorRef DeadLetters => DeadLetterRef;

    public override IScheduler Scheduler => _scheduler;

    public override Task WhenTerminated => _terminated.Task;

    internal override ActorSystemOptions Options { get; }

    internal override TimeProvider Time => Options.TimeProvider;

    internal override DeadLetterActorRef DeadLetterRef { get; }

    internal override LocalActorRef RootRef { get; }

    public override IActorRef ActorOf(Props props, string? name = null) => _user.Cell.ActorOf(props, name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => RootRef.Cell.ActorSelection(actorPath);

    public override ActorSelection ActorSelection(string actorPath) => RootRef.Cell.ActorSelection(actorPath);

    public override void Stop(IActorRef actor) => ((IInternalActorRef)actor).SendSystemMessage(new TerminateMessage());

    public override void RegisterOnTermination(Action code)
    {
        lock (_gate)
        {
            if (_terminated.Task.IsCompleted)
            {
                throw new InvalidOperationException($"Actor system {Name} has terminated; what is registered now would never run.");
            }
            _onTermination.Push(code);
        }
    }

    public override Task Terminate()
    {
        _user.SendSystemMessage(new TerminateMessage());
        return WhenTerminated;
    }

    internal override long NextUid() => Interlocked.Increment(ref _uid);

    internal override ActorPath NextTempPath()
    {
        var uid = NextUid();
        var number = Interlocked.Increment(ref _temp).ToString(CultureInfo.InvariantCulture);
        return _rootPath.Child("temp").Child("$" + number).WithUid(uid);
    }

    internal override IActorRef SystemActorOf(Props props, string? name) => _system.Cell.ActorOf(props, name);

    private void Finish()
    {
        _scheduler.Stop();
        while (true)
        {
            Action? code;
            lock (_gate)
            {
                if (!_onTermination.TryPop(out code))
                {
                    _terminated.TrySetResult();
                    return;
                }
            }
            Run(code);
        }
    }

    private void Run(Action code)
    {
        try
        {
            code();
        }
        catch (Exception exception)
        {
            EventStream.Publish(new Error(Time.GetUtcNow().UtcDateTime, exception, Name, typeof(ActorSystem), $"On termination: {exception.Message}"));
        }
    }

    /// <summary>The root's parent: where the tree's end, and what no actor could handle, arrive.</summary>
    private sealed class SystemEnd(LocalActorSystem system) : ActorRefBase
    {
        public override ActorPath Path { get; } = ActorPath.ForRoot(system.Name + "-end");

        public override ActorSystem Owner => system;

        public override void Tell(object message, IActorRef? sender)
        {
        }

        public override void SendSystemMessage(SystemMessage message)
        {
            switch (message)
            {
                case DeathWatchNotification:
                    system.Finish();
                    break;
                case FailedMessage failed:
                    failed.Child.SendSystemMessage(new TerminateMessage());
                    break;
            }
        }
    }

    /// <summary>Ends the system once the user guardian has stopped, whether asked to or because its supervision gave up.</summary>
    private sealed class RootGuardian : UntypedActor
    {
        protected override SupervisorStrategy SupervisorStrategy() => Orchestrator.Actors.SupervisorStrategy.StoppingStrategy;

        protected override void PreStart()
        {
            Context.Watch(Context.Child("user"));
            Context.Watch(Context.Child("system"));
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Terminated { ActorRef.Path.Name: "user" }:
                    Context.Stop(Context.Child("system"));
                    break;
                case Terminated:
                    Context.Stop(Self);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }

    private sealed class Guardian : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
