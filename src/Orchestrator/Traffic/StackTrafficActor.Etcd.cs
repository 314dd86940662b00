using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Traffic;

/// <summary>etcd takes part in the barrier as a host does. Who watches it says nothing, so an endpoint that drains has its whole drain timeout once etcd has it.</summary>
internal sealed partial class StackTrafficActor
{
    private const string Etcd = "etcd";

    private ImmutableHashSet<string> letGo = [];

    /// <summary>Their drain timeout has begun.</summary>
    private ImmutableHashSet<string> leaving = [];

    private List<Endpoint> Draining => table?.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Draining).ToList() ?? [];

    /// <summary>What takes traffic again has all its drain timeout when it is drained again.</summary>
    private void PublishTable()
    {
        var endpoints = Draining.Select(e => e.Id).ToImmutableHashSet();
        foreach (var stays in leaving.Except(endpoints))
        {
            Timers.Cancel(TimerOf(stays));
        }
        (leaving, letGo) = (leaving.Intersect(endpoints), letGo.Intersect(endpoints));
        extras.Publish(table!);
    }

    private void EtcdApplied(EtcdSinkMessage.Applied message)
    {
        // What drains since a newer one is in etcd as it was.
        foreach (var endpoint in message.Version < table?.Version ? [] : Draining.Where(e => !leaving.Contains(e.Id)))
        {
            leaving = leaving.Add(endpoint.Id);
            Timers.StartSingleTimer(TimerOf(endpoint.Id), new LetGo(endpoint.Id), endpoint.DrainTimeout);
        }
        AcknowledgeEtcd(message.Version, []);
    }

    private void EtcdHindered(EtcdSinkMessage.Hindered message)
    {
        LogProblem(stack, Etcd, message.Problem.Sink, message.Problem.Message);
        AcknowledgeEtcd(barrier.ShownBy(Etcd), [message.Problem]);
    }

    private void EtcdLetGo(LetGo message)
    {
        if (!leaving.Contains(message.Endpoint))
        {
            return;
        }
        letGo = letGo.Add(message.Endpoint);
        AcknowledgeEtcd(barrier.ShownBy(Etcd), barrier.ProblemsOf(Etcd));
    }

    private void AcknowledgeEtcd(long version, ImmutableArray<TrafficProblem> problems)
    {
        barrier.Acknowledge(Etcd, new AgentEvent.TrafficApplied { CommandId = Etcd, Stack = stack, Version = version, Drained = [.. letGo], Problems = problems }, marks.Version);
        Check();
    }

    private static string TimerOf(string endpoint) => $"etcd/{endpoint}";

    private sealed record LetGo(string Endpoint);
}
