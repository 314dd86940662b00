using System.Collections.Immutable;
using Orchestrator.Fleet;
using Orchestrator.Protocol;

namespace Orchestrator.Simulation;

/// <summary>Which hosts' ingresses the coordinator has to wait for: all but those that were away for so long that it has given them up, until they have caught up.</summary>
internal sealed class Barrier(World world)
{
    /// <summary>Rounded down, so that a host is out here no later than there.</summary>
    private static readonly TimeSpan DownAfter = new FleetOptions().HostDownAfter - TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, long> _newest = new(StringComparer.Ordinal);
    private readonly HashSet<(string Stack, string Host)> _fenced = [];

    /// <summary>Stacks that ingresses have listened for: those are shown by every host. Of others only hosts with a container of it have somebody who asks.</summary>
    private readonly HashSet<string> _listening = new(StringComparer.Ordinal);

    public bool IsIn(string stack, SimHost host)
    {
        if (!host.IsUp || IsGivenUp(host))
        {
            foreach (var name in _newest.Keys.Append(stack)) _fenced.Add((name, host.Name));
            return false;
        }

        return !_fenced.Contains((stack, host.Name)) && (_listening.Contains(stack) || host.Of(stack).Any());
    }

    /// <summary>Whether a host has been away for long must be seen while it is.</summary>
    public void OnStep(string stack)
    {
        foreach (var host in world.Hosts) IsIn(stack, host);
    }

    public void OnSent(AgentCommand.ApplyTraffic apply)
    {
        _newest[apply.Table.Stack] = Math.Max(_newest.GetValueOrDefault(apply.Table.Stack), apply.Table.Version);
        if (apply.Table.Services.Any(s => s.Spec.HasListeners)) _listening.Add(apply.Table.Stack);
    }

    public void OnDelivered(SimHost host, AgentEvent.TrafficApplied applied)
    {
        if (applied.Version >= _newest.GetValueOrDefault(applied.Stack)) _fenced.Remove((applied.Stack, host.Name));
    }

    private bool IsGivenUp(SimHost host) => host.Link.AwaySince is { } since && world.Now - since >= DownAfter;
}
