using System.Globalization;
using System.Linq.Expressions;
using Xunit;

namespace Orchestrator.Actors.TestKit;

/// <summary>
/// A test's own actor, and expectations on what it receives. On a system with a <see cref="DeterministicDispatcher"/> the expectations
/// themselves run the actors and move the virtual clock; on any other they block until a message arrives.
/// </summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    /// <summary>A passing expectation never waits for it; long, so that a loaded machine fails no test.</summary>
    internal static readonly TimeSpan SingleExpectDefault = TimeSpan.FromSeconds(10);

    /// <summary>Paid in full by each passing <c>ExpectNoMsg()</c>.</summary>
    internal static readonly TimeSpan ExpectNoMessageDefault = TimeSpan.FromMilliseconds(100);

    private static int s_testActors;

    private readonly TestQueue _queue = new();
    private readonly TestActorFilter _filter = new();
    private readonly DeterministicDispatcher? _deterministic;
    private MessageEnvelope? _last;

    private protected TestKitBase(ActorSystem? system, string? testActorName)
    {
        Sys = system ?? ActorSystem.Create("test");
        _deterministic = Sys.Options.Dispatcher as DeterministicDispatcher;
        TestActor = Sys.SystemActorOf(
            Props.Create(() => new InternalTestActor(_queue, _filter)),
            testActorName ?? "testActor" + Interlocked.Increment(ref s_testActors).ToString(CultureInfo.InvariantCulture));
        if (this is not INoImplicitSender)
        {
            var cell = ((LocalActorRef)TestActor).Cell;
            ActorCell.Current = cell;
            SynchronizationContext.SetSynchronizationContext(new SenderKeepingContext(cell));
        }
    }

    public ActorSystem Sys { get; }

    public IActorRef TestActor { get; }

    public IActorRef LastSender => _last?.Sender ?? Sys.DeadLetters;

    public object? LastMessage => _last?.Message;

    public bool HasMessages
    {
        get
        {
            _deterministic?.RunUntilIdle();
            return _queue.Count > 0;
        }
    }

    /// <summary>These are never queued, from the next message on.</summary>
    public void IgnoreMessages(Func<object, bool> shouldIgnoreMessage) => _filter.ShouldIgnore = shouldIgnoreMessage;

    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) =>
        _filter.ShouldIgnore = message => message is TMsg typed && shouldIgnoreMessage(typed);

    public void IgnoreMessages<TMsg>() => _filter.ShouldIgnore = static message => message is TMsg;

    public void IgnoreNoMessages() => _filter.ShouldIgnore = null;

    public IActorRef Watch(IActorRef actorToWatch) => Do(InternalTestActor.Command.Watch(actorToWatch));

    public IActorRef Unwatch(IActorRef actorToUnwatch) => Do(InternalTestActor.Command.Unwatch(actorToUnwatch));

    public IActorRef ChildActorOf(Props props, string name, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        Do(InternalTestActor.Command.Spawn(props, name, supervisorStrategy), cancellationToken);

    public IActorRef ChildActorOf(Props props, SupervisorStrategy supervisorStrategy, CancellationToken cancellationToken = default) =>
        Do(InternalTestActor.Command.Spawn(props, null, supervisorStrategy), cancellationToken);

    public IActorRef ChildActorOf(Props props, string name, CancellationToken cancellationToken = default) =>
        Do(InternalTestActor.Command.Spawn(props, name, null), cancellationToken);

    public IActorRef ChildActorOf(Props props, CancellationToken cancellationToken = default) =>
        Do(InternalTestActor.Command.Spawn(props, null, null), cancellationToken);

    public virtual TestProbe CreateTestProbe(string? name = null) => CreateTestProbe(Sys, name);

    public virtual TestProbe CreateTestProbe(ActorSystem system, string? name = null) => new(system, name);

    public IActorRef ActorOf(Props props) => Sys.ActorOf(props);

    public virtual IActorRef ActorOf(Props props, string? name) => Sys.ActorOf(props, name);

    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() =>
        Sys.ActorOf(Props.Create<TActor>());

    public IActorRef ActorOf<TActor>(string name)
        where TActor : ActorBase, new() =>
        Sys.ActorOf(Props.Create<TActor>(), name);

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase =>
        Sys.ActorOf(Props.Create(factory));

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string name)
        where TActor : ActorBase =>
        Sys.ActorOf(Props.Create(factory), name);

    public virtual ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    public virtual ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(IActorRef anchorRef, string actorPath) => new(anchorRef, actorPath);

    /// <summary>Terminates the system and waits for its end.</summary>
    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) =>
        Shutdown(Sys, duration, verifySystemShutdown);

    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        var terminated = system.Terminate();
        (system.Options.Dispatcher as DeterministicDispatcher)?.RunUntilIdle();
        var limit = duration ?? SingleExpectDefault;
        if (!terminated.Wait(limit) && verifySystemShutdown)
        {
            Assert.Fail($"Actor system {system.Name} did not terminate within {limit}: an actor's PostStop, or a handler that blocks, holds it.");
        }
    }

    private IActorRef Do(InternalTestActor.Command command, CancellationToken cancellation = default)
    {
        TestActor.Tell(command, ActorRefs.NoSender);
        _deterministic?.RunUntilIdle();
        if (!command.Done.Wait((int)SingleExpectDefault.TotalMilliseconds, cancellation))
        {
            Assert.Fail($"The test actor {TestActor.Path} did not answer within {SingleExpectDefault}: it has been stopped.");
        }
        return command.Done.Result;
    }
}
