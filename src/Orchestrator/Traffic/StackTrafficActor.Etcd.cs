using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Traffic;

/// <summary>etcd takes part in the barrier as a host does. Who watches it says nothing, so an endpoint that drains has its whole drain timeout once etcd has it.</summary>
internal sealed partial class StackTrafficActor
{
    private const string Etcd = "etcd";

    private ImmutableHashSet<string> letGo = [];

    private void EtcdApplied(EtcdSinkMessage.Applied message)
    {
        var endpoints = table?.Services.SelectMany(s => s.Endpoints).Where(e => e.State == EndpointState.Draining).ToList() ?? [];
        letGo = letGo.Intersect(endpoints.Select(e => e.Id));
        foreach (var endpoint in endpoints.Where(e => !letGo.Contains(e.Id) && !Timers.IsTimerActive(TimerOf(e.Id))))
        {
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
