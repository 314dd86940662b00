namespace Orchestrator.Actors;

/// <summary>The shared dispatcher of production systems.</summary>
internal sealed class ThreadPoolDispatcher : ActorDispatcher
{
    internal static readonly ThreadPoolDispatcher Instance = new();

    // Long enough to pay for the hand-over to the pool, short enough that a busy actor keeps no other waiting.
    internal override int DefaultThroughput => 100;

    // The global queue: a thread's local queue is last in, first out, and a busy actor would come before its waiting neighbours.
    internal override void Schedule(Mailbox mailbox) => ThreadPool.UnsafeQueueUserWorkItem(mailbox, preferLocal: false);
}
