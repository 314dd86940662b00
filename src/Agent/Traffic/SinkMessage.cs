using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Traffic;

/// <summary>Between <c>/user/agent/traffic</c> and the sinks of this host: the ingress, the name server, templates, networks.</summary>
internal abstract record SinkMessage
{
    /// <summary>
    /// Show this. Replaces whatever was asked before; a sink that is at work may skip numbers. Sent again after a restart of the sink, with the same number or
    /// a higher one.
    /// </summary>
    public sealed record Apply(long Number, HostTraffic Traffic) : SinkMessage;

    /// <summary>To the sender of <see cref="Apply"/>: everything up to <paramref name="Number"/> is shown, but what <see cref="Refused"/> names.</summary>
    public sealed record Applied(string Sink, long Number) : SinkMessage
    {
        /// <summary>By stack: what of it alone is not shown, and why. No other stack waits for it.</summary>
        public ImmutableSortedDictionary<string, TrafficProblem> Refused { get; init; } = ImmutableSortedDictionary<string, TrafficProblem>.Empty;
    }

    /// <summary>To the sender of <see cref="Apply"/>: not shown yet, and why; the sink goes on trying. Ends with the next <see cref="Applied"/>.</summary>
    public sealed record Hindered(string Sink, long Number, TrafficProblem Problem) : SinkMessage;

    /// <summary>
    /// To the sender of <see cref="Apply"/>: draining endpoints (<see cref="Endpoint.Id"/>) that have nothing open here any more, or had their time. The whole set of those in the
    /// newest traffic. An endpoint counts as drained on the host when every sink has named it.
    /// </summary>
    public sealed record Drained(string Sink, ImmutableHashSet<string> Endpoints) : SinkMessage;
}

/// <summary>All that a host shows: every stack's table, and what it needs for it.</summary>
/// <param name="Stacks">By stack.</param>
internal sealed record HostTraffic(ImmutableSortedDictionary<string, AgentCommand.ApplyTraffic> Stacks)
{
    public static HostTraffic Empty { get; } = new(ImmutableSortedDictionary.Create<string, AgentCommand.ApplyTraffic>(StringComparer.Ordinal));

    /// <summary>Every service of every stack, stacks in ordinal order.</summary>
    public IEnumerable<(string Stack, ServiceTraffic Service)> Services =>
        from stack in Stacks
        from service in stack.Value.Table.Services
        select (stack.Key, service);

    /// <summary>Of every stack: they take nothing new, and what is open to them finishes.</summary>
    public IEnumerable<Endpoint> Draining => Services.SelectMany(s => s.Service.Endpoints).Where(e => e.State == EndpointState.Draining);
}
