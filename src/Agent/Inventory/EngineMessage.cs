using System.Collections.Immutable;
using Orchestrator.Engine;

namespace Orchestrator.Agent.Inventory;

/// <summary>Between <c>/user/agent</c>, its replicas, and the watcher of the engine.</summary>
internal abstract record EngineMessage
{
    /// <summary>To the watcher: inspect this container afresh, after the receipt of this message. Answered with <see cref="Looked"/> after what was seen.</summary>
    public sealed record Look(string Container, IActorRef For, long Ticket) : EngineMessage;

    /// <summary>From the watcher: the engine answers, and these are all its containers of ours.</summary>
    public sealed record Synced(EngineInfo Info, EngineVersion Version, ImmutableArray<ContainerDetails> Containers) : EngineMessage;

    /// <summary>From the watcher: it appeared or something about it may have changed.</summary>
    public sealed record Seen(ContainerDetails Container) : EngineMessage;

    public sealed record Vanished(string ContainerId) : EngineMessage;

    /// <summary>From the watcher: the engine does not answer; it goes on trying.</summary>
    public sealed record Lost(string Error) : EngineMessage;

    /// <summary>From the watcher, by way of the agent so that what was seen comes first: the look is done, or the engine did not answer.</summary>
    public sealed record Looked(IActorRef For, long Ticket) : EngineMessage;

    /// <summary>To the watcher: compare with a fresh list now.</summary>
    public sealed record Audit : EngineMessage;
}
