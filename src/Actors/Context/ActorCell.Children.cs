using System.Globalization;

namespace Orchestrator.Actors;

internal sealed partial class ActorCell
{
    // Enough for every name the counter can give; the alphabet is the one of path elements.
    private const string NameAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";

    private long _namesGiven = -1;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(string.Create(CultureInfo.InvariantCulture,
                $"\"{name}\" cannot name a child of {Self.Path}: a name is not empty, does not begin with $, and has only ASCII letters, digits and {ActorPath.ValidSymbols}"));
        }
        var path = Self.Path.Child(name ?? NextName()).WithUid(System.NextUid());
        var child = new LocalActorRef(path);
        var cell = new ActorCell(System, props, child, _self);
        Children.Add(child);
        cell.Start();
        return child;
    }

    public ActorSelection ActorSelection(ActorPath actorPath) => new(System.RootRef, actorPath.Elements);

    public ActorSelection ActorSelection(string actorPath)
    {
        if (ActorPath.TryParse(actorPath, out var absolute))
        {
            return ActorSelection(absolute);
        }
        return new ActorSelection(actorPath.StartsWith('/') ? System.RootRef : Self, actorPath);
    }

    public IActorRef Child(string name) => Children.Find(name) is { } entry ? entry.Ref : ActorRefs.Nobody;

    public IEnumerable<IActorRef> GetChildren() => Children.Refs();

    public void Stop(IActorRef child)
    {
        if (Children.Find(child) is { } entry)
        {
            entry.Stopping = true;
        }
        ((IInternalActorRef)child).SendSystemMessage(new TerminateMessage());
    }

    private string NextName()
    {
        Span<char> digits = stackalloc char[12];
        digits[0] = '$';
        var length = 1;
        var rest = Interlocked.Increment(ref _namesGiven);
        do
        {
            digits[length++] = NameAlphabet[(int)(rest & 63)];
            rest >>= 6;
        }
        while (rest > 0);
        return new string(digits[..length]);
    }

    private void SuspendChildren(IActorRef? except)
    {
        foreach (var child in Children.Refs())
        {
            if (!child.Equals(except))
            {
                child.SendSystemMessage(new SuspendMessage());
            }
        }
    }
}
