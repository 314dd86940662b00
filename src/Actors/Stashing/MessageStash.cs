namespace Orchestrator.Actors;

internal sealed class MessageStash(ActorCell cell, int capacity) : IStash
{
    private LinkedList<Envelope> _messages = [];

    public void Stash()
    {
        var current = cell.CurrentEnvelope;
        if (current.Message is null)
        {
            throw new IllegalActorStateException($"{cell.Self.Path} stashes while it handles no message. Call Stash from a message handler.");
        }
        if (_messages.Last is { } last && ReferenceEquals(last.Value.Message, current.Message) && Equals(last.Value.Sender, current.Sender))
        {
            throw new IllegalActorStateException($"{cell.Self.Path} stashes the same {current.Message.GetType().Name} twice.");
        }
        if (_messages.Count >= capacity)
        {
            throw new StashOverflowException(
                $"{cell.Self.Path} cannot stash a {current.Message.GetType().Name}: {capacity} messages are stashed already. Unstash sooner or raise Props.WithStashCapacity.");
        }
        _messages.AddLast(current);
    }

    public void Unstash()
    {
        if (_messages.First is { } first)
        {
            _messages.RemoveFirst();
            cell.Mailbox.Prepend([first.Value]);
        }
    }

    public void UnstashAll() => cell.Mailbox.Prepend([.. ClearStash()]);

    public void UnstashAll(Func<Envelope, bool> predicate) => cell.Mailbox.Prepend([.. ClearStash().Where(predicate)]);

    public IEnumerable<Envelope> ClearStash()
    {
        var all = _messages;
        _messages = [];
        return all;
    }

    public void Prepend(IEnumerable<Envelope> envelopes)
    {
        foreach (var envelope in envelopes.Reverse())
        {
            _messages.AddFirst(envelope);
        }
    }
}
