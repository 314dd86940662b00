namespace Orchestrator.Actors;

/// <summary>How a parent answers the failure of a child.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>Stops what failed to start, was killed, or lost a death pact; restarts after any other exception.</summary>
    public static readonly IDecider DefaultDecider = Orchestrator.Actors.Decider.From(
        Directive.Restart,
        Directive.Stop.When<ActorInitializationException>(),
        Directive.Stop.When<ActorKilledException>(),
        Directive.Stop.When<DeathPactException>());

    /// <summary>One for one, the default decider, no limit on restarts.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

    public static readonly OneForOneStrategy StoppingStrategy = new(static _ => Directive.Stop);

    protected SupervisorStrategy()
    {
    }

    public abstract IDecider Decider { get; }

    protected bool LoggingEnabled { get; set; } = true;

    internal bool LogsFailures => LoggingEnabled;

    protected abstract Directive Handle(IActorRef child, Exception exception);

    /// <summary>The children that the directive for the failed one applies to.</summary>
    internal abstract IEnumerable<ChildEntry> Affected(ChildEntry failed, IReadOnlyList<ChildEntry> all);

    internal abstract bool PermitsRestart(ChildEntry failed, IReadOnlyList<ChildEntry> all, TimeProvider time);

    internal Directive DirectiveFor(IActorRef child, Exception cause) => Handle(child, cause);
}
