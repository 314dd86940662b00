using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service, and the places of what it may have in common with another.</summary>
internal sealed record ServiceReading(ServiceSpec Spec, ImmutableArray<Placed<IngressPortSpec>> Ports, ImmutableArray<Placed<RouteSpec>> Routes);
