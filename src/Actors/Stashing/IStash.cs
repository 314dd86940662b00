namespace Orchestrator.Actors;

/// <summary>Messages put aside for later, in order of arrival. Emptied back into the mailbox on restart.</summary>
public interface IStash
{
    /// <summary>Puts the current message aside.</summary>
    /// <exception cref="StashOverflowException">The stash is full.</exception>
    /// <exception cref="IllegalActorStateException">This message is already put aside.</exception>
    void Stash();

    /// <summary>Puts the oldest back at the front of the mailbox.</summary>
    void Unstash();

    /// <summary>Puts all back at the front of the mailbox, in order.</summary>
    void UnstashAll();

    /// <summary>Puts back those that match; the others are discarded.</summary>
    void UnstashAll(Func<Envelope, bool> predicate);

    IEnumerable<Envelope> ClearStash();

    void Prepend(IEnumerable<Envelope> envelopes);
}
