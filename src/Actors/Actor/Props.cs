using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;

namespace Orchestrator.Actors;

/// <summary>The recipe for an actor, used again for each of its incarnations. Constructor arguments are evaluated once, when the recipe is made.</summary>
public class Props : IEquatable<Props>
{
    internal const DynamicallyAccessedMemberTypes Constructors =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors;

    [DynamicallyAccessedMembers(Constructors)]
    private readonly Type _type;

    // Taken from the expression, whose metadata token keeps the constructor through trimming; null when found by its arguments.
    private readonly ConstructorInfo? _constructor;

    public Props([DynamicallyAccessedMembers(Constructors)] Type type, object[] args)
        : this(type, null, args)
    {
    }

    public Props([DynamicallyAccessedMembers(Constructors)] Type type)
        : this(type, null, [])
    {
    }

    protected Props(Props copy)
        : this(copy._type, copy._constructor, copy.Arguments)
    {
        SupervisorStrategy = copy.SupervisorStrategy;
        StashCapacity = copy.StashCapacity;
    }

    private Props([DynamicallyAccessedMembers(Constructors)] Type type, ConstructorInfo? constructor, object[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        _type = type;
        _constructor = constructor;
        Arguments = args;
    }

    public Type Type => _type;

    public string TypeName => _type.AssemblyQualifiedName ?? _type.Name;

    /// <summary>How the actor supervises its children; null leaves it to the actor.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; protected set; }

    public object[] Arguments { get; }

    internal int? StashCapacity { get; private set; }

    /// <param name="factory">Exactly <c>() => new TActor(...)</c>.</param>
    /// <param name="supervisorStrategy">As <see cref="WithSupervisorStrategy"/>.</param>
    [UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "The expression names the constructor by token, so it and its type are kept.")]
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression { Constructor: { } constructor } creation)
        {
            throw new ArgumentException(
                $"Props.Create takes an expression of the form () => new {typeof(TActor).Name}(...), not {factory.Body}. Compute arguments before it.", nameof(factory));
        }
        return new Props(creation.Type, constructor, ArgumentValues.Of(creation.Arguments)) { SupervisorStrategy = supervisorStrategy };
    }

    public static Props Create<[DynamicallyAccessedMembers(Constructors)] TActor>(params object[] args)
        where TActor : ActorBase =>
        new(typeof(TActor), args);

    public static Props Create<[DynamicallyAccessedMembers(Constructors)] TActor>(SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() =>
        new(typeof(TActor)) { SupervisorStrategy = supervisorStrategy };

    public static Props Create([DynamicallyAccessedMembers(Constructors)] Type type, params object[] args) => new(type, args);

    /// <param name="stashCapacity">The number of messages; by default the mailbox's.</param>
    public Props WithStashCapacity(int stashCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stashCapacity, 1);
        var copy = Copy();
        copy.StashCapacity = stashCapacity;
        return copy;
    }

    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy)
    {
        var copy = Copy();
        copy.SupervisorStrategy = supervisorStrategy;
        return copy;
    }

    public virtual ActorBase NewActor()
    {
        const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        return (ActorBase)(_constructor is not null
            ? _constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, Arguments, null)
            : Activator.CreateInstance(_type, Any | BindingFlags.DoNotWrapExceptions, null, Arguments, null)!);
    }

    protected virtual Props Copy() => new(this);

    public virtual bool Equals(Props? other) =>
        other is not null && _type == other._type && Equals(SupervisorStrategy, other.SupervisorStrategy)
        && StashCapacity == other.StashCapacity && Arguments.SequenceEqual(other.Arguments);

    public override bool Equals(object? obj) => Equals(obj as Props);

    public override int GetHashCode() => HashCode.Combine(_type, Arguments.Length);
}
