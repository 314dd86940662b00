using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Networks;

/// <summary>To and from <c>/user/agent/networks</c>. A token is the asker's own number for its question.</summary>
internal abstract record NetworksMessage
{
    /// <summary>Have these networks and volumes. Keyed as in the stack's file. Answered with <see cref="Done"/> or <see cref="Failed"/>.</summary>
    public sealed record Ensure(string Stack, ImmutableSortedDictionary<string, NetworkSpec> Networks, ImmutableSortedDictionary<string, VolumeSpec> Volumes, long Token) : NetworksMessage;

    /// <summary>Remove by engine names; what is not there is removed already. Answered as <see cref="Ensure"/>.</summary>
    public sealed record Remove(ImmutableArray<string> Networks, ImmutableArray<string> Volumes, long Token) : NetworksMessage;

    public sealed record Done(long Token) : NetworksMessage;

    public sealed record Failed(long Token, string Message, bool Temporary) : NetworksMessage;
}
