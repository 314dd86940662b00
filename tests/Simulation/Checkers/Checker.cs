using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>Holds the world to one promise. It sees what anybody at the seams could see, and shares no code with what it checks but pure values.</summary>
internal abstract class Checker(World world)
{
    /// <summary>The promise, in a few words.</summary>
    public abstract string Name { get; }

    protected World World { get; } = world;

    /// <summary>After every turn of an actor and every timer.</summary>
    public virtual void OnStep()
    {
    }

    public virtual void OnRequest(Client client)
    {
    }

    public virtual void OnHeard(Client client, ChangeEvent happened)
    {
    }

    /// <summary>The coordinator has handed a command to a link.</summary>
    public virtual void OnSent(SimHost host, AgentCommand command)
    {
    }

    public virtual void OnDelivered(SimHost host, AgentCommand command)
    {
    }

    public virtual void OnDelivered(SimHost host, AgentEvent happened)
    {
    }

    public virtual void OnEngineCall(SimHost host, string operation, string subject, bool isBefore)
    {
    }

    /// <summary>A host's ingress shows another table.</summary>
    public virtual void OnShown(SimHost host)
    {
    }

    public virtual void OnCommitted(ImmutableArray<StoreChange> changes)
    {
    }

    /// <param name="host">Null: the coordinator's.</param>
    public virtual void OnFault(SimHost? host)
    {
    }

    /// <summary>Every fault is healed, every request answered, and time has passed for repairs.</summary>
    public virtual void OnRest()
    {
    }

    protected void Report(string message) => World.Report(Name, message);
}
