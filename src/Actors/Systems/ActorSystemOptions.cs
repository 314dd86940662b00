namespace Orchestrator.Actors;

/// <summary>What an actor system is built on. Only composition roots and tests name it; Akka.NET has configuration text in its place.</summary>
public sealed record ActorSystemOptions
{
    /// <summary>Default: 100,000. Far beyond what a working actor queues, and a few megabytes when one is stuck.</summary>
    public const int DefaultMailboxCapacityCount = 100_000;

    /// <summary>The clock of schedulers, timers, receive timeouts and restart windows. Default: the machine's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Default: null, the thread pool.</summary>
    public ActorDispatcher? Dispatcher { get; init; }

    /// <summary>User messages that one mailbox holds; further ones go to dead letters. At least 1.</summary>
    public int MailboxCapacityCount { get; init; } = DefaultMailboxCapacityCount;

    /// <summary>Messages an actor runs before others get their turn. Default: null, 100 on the thread pool and 1 on a deterministic dispatcher.</summary>
    public int? ThroughputCount { get; init; }

    internal ActorDispatcher DispatcherOrDefault => Dispatcher ?? ThreadPoolDispatcher.Instance;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MailboxCapacityCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ThroughputCount ?? 1, 1, nameof(ThroughputCount));
        // A provider of a test's own may be a view on the dispatcher's clock: a machine whose clock is off.
        if (Dispatcher is DeterministicDispatcher deterministic && (TimeProvider == TimeProvider.System || (TimeProvider is VirtualTimeProvider other && other != deterministic.Time)))
        {
            throw new ArgumentException("A deterministic dispatcher moves its own clock. Give the options the same TimeProvider as the dispatcher.");
        }
    }
}
