using System.IO.Enumeration;

namespace Orchestrator.Actors;

/// <summary>A path looked up anew for each message. Elements may be <c>..</c> and may hold the wildcards <c>*</c> and <c>?</c>.</summary>
public class ActorSelection : ICanTell
{
    private readonly string[] _elements;

    public ActorSelection(IActorRef anchor, string path)
        : this(anchor, path.Split('/', StringSplitOptions.RemoveEmptyEntries))
    {
    }

    public ActorSelection(IActorRef anchor, IEnumerable<string> elements)
    {
        Anchor = anchor;
        _elements = [.. elements];
    }

    public IActorRef Anchor { get; }

    public string PathString => "/" + string.Join('/', _elements);

    public virtual void Tell(object message, IActorRef? sender = null)
    {
        var targets = Resolve();
        if (targets.Count > 0)
        {
            foreach (var target in targets)
            {
                target.Tell(message, sender);
            }
        }
        else if (SystemOf(Anchor) is { } system && !_elements.Any(HasWildcard))
        {
            system.DeadLetterRef.Publish(message, sender, system.DeadLetterRef);
        }
    }

    /// <exception cref="ActorNotFoundException">No live actor has this path.</exception>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    public Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        // Everything selected is local: the answer is known at once and the timeout has nothing to bound.
        ct.ThrowIfCancellationRequested();
        return Resolve() is [var found, ..]
            ? Task.FromResult(found)
            : Task.FromException<IActorRef>(new ActorNotFoundException(
                $"No actor at {PathString} from {Anchor.Path}. Check the path, and that the actor has been started and not stopped."));
    }

    public override bool Equals(object? obj) => obj is ActorSelection other && Equals(other);

    protected bool Equals(ActorSelection other) => Anchor.Equals(other.Anchor) && _elements.SequenceEqual(other._elements);

    public override int GetHashCode() => HashCode.Combine(Anchor, PathString);

    public override string ToString() => $"ActorSelection[Anchor({Anchor.Path}), Path({PathString})]";

    internal static ActorSystem? SystemOf(ICanTell target) => target switch
    {
        IInternalActorRef reference => reference.Owner,
        ActorSelection selection => SystemOf(selection.Anchor),
        _ => null,
    };

    private List<IActorRef> Resolve()
    {
        List<LocalActorRef> level = Anchor is LocalActorRef start ? [start] : [];
        foreach (var element in _elements)
        {
            level = [.. level.SelectMany(at => Next(at, element))];
        }
        return [.. level];
    }

    private static IEnumerable<LocalActorRef> Next(LocalActorRef at, string element) => element switch
    {
        "." => [at],
        ".." => at.Cell.ParentRef is LocalActorRef parent ? [parent] : [],
        _ when HasWildcard(element) => at.Cell.Children.Refs().Where(c => FileSystemName.MatchesSimpleExpression(element, c.Path.Name, ignoreCase: false)),
        _ => at.Cell.Children.Find(element) is { } child ? [child.Ref] : [],
    };

    private static bool HasWildcard(string element) => element.AsSpan().ContainsAny('*', '?');
}
