using Orchestrator.Agent.Traffic;
using Orchestrator.Api;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>A fault planted at a seam, to see that a checker finds it. Each is a class of its own that changes one seam.</summary>
internal abstract class Mutation
{
    public static Mutation None { get; } = new Nothing();

    /// <summary>What the coordinator is asked for in the place of a request.</summary>
    public virtual ChangeRequest Asked(ChangeRequest request) => request;

    public virtual IEngine Engine(SimHost host, IEngine engine) => engine;

    public virtual IStore Store(World world, IStore store) => store;

    /// <summary>What reaches the agent in the place of a command.</summary>
    public virtual IEnumerable<AgentCommand> Down(SimHost host, AgentCommand command) => [command];

    /// <summary>What reaches the coordinator in the place of an event.</summary>
    public virtual IEnumerable<AgentEvent> Up(SimHost host, AgentEvent happened) => [happened];

    /// <summary>What a host's ingress is asked to show.</summary>
    public virtual HostTraffic Shown(SimHost host, HostTraffic traffic) => traffic;

    /// <summary>The ingress acknowledges a table when it gets it, and shows it later.</summary>
    public virtual bool AcknowledgesEarly => false;

    private sealed class Nothing : Mutation;
}
