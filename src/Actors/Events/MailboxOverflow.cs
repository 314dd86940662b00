namespace Orchestrator.Actors;

/// <summary>
/// A mailbox reached its bound; what comes from now on goes to dead letters. Published once, and again only after the mailbox has
/// been seen at half its bound in between.
/// </summary>
public sealed record MailboxOverflow(IActorRef Actor, int CapacityCount);
