using System.Collections.Immutable;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic.Etcd;

/// <summary>To and from <see cref="EtcdSinkActor"/>.</summary>
internal abstract record EtcdSinkMessage
{
    /// <summary>Write this; a newer one of the stack replaces it. A table that is removed takes the stack's keys away.</summary>
    public sealed record Apply(long Version, TrafficTable Table) : EtcdSinkMessage;

    /// <summary>After a start: these are all stacks there are, so that keys of others, gone in the meantime, are taken away. Not answered.</summary>
    public sealed record Only(ImmutableHashSet<string> Stacks) : EtcdSinkMessage;

    /// <summary>To the sender of <see cref="Apply"/>: etcd has the stack's keys as of <paramref name="Version"/>. Again when they were lost with their lease and are back.</summary>
    public sealed record Applied(string Stack, long Version) : EtcdSinkMessage;

    /// <summary>To the sender of <see cref="Apply"/>: not written yet, and why; it is tried again. Ends with the next <see cref="Applied"/>.</summary>
    public sealed record Hindered(string Stack, long Version, TrafficProblem Problem) : EtcdSinkMessage;
}
