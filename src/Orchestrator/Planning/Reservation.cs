using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Planning;

/// <summary>What is set aside on a host: <c>resources.reservations</c>. No limit is drawn from it, it only counts.</summary>
public readonly record struct Reservation(decimal Cpus, long MemoryBytes)
{
    public static Reservation operator +(Reservation a, Reservation b) => new(a.Cpus + b.Cpus, a.MemoryBytes + b.MemoryBytes);

    public static Reservation operator -(Reservation a, Reservation b) => new(a.Cpus - b.Cpus, a.MemoryBytes - b.MemoryBytes);

    public static Reservation Of(ServiceSpec service) => new(service.Container.Resources.CpuReservation ?? 0, service.Container.Resources.MemoryReservationBytes ?? 0);

    public static Reservation Of(ReplicaSnapshot replica) => new(replica.ReservedCpus, replica.ReservedMemoryBytes);
}
