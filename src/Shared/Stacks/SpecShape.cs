using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Stacks;

/// <summary>
/// What each spec type's JSON looks like when nothing was said: a record with its defaults and, under it, the shapes of its
/// children. It is what a hash leaves out.
/// </summary>
internal sealed class SpecShape
{
    private readonly JsonObject _defaults;
    private readonly ImmutableDictionary<string, SpecShape> _children;

    /// <summary>Whether a child is a dictionary of records by name, not one record or a list of them.</summary>
    private bool ByName { get; init; }

    private SpecShape(JsonNode? defaults, params (string Property, SpecShape Shape)[] children)
    {
        _defaults = (JsonObject)defaults!;
        _children = children.ToImmutableDictionary(c => c.Property, c => c.Shape, StringComparer.Ordinal);
    }

    public static SpecShape Network { get; } = new(JsonSerializer.SerializeToNode(new NetworkSpec { EngineName = "" }, SpecJson.Default.NetworkSpec));

    public static SpecShape Volume { get; } = new(JsonSerializer.SerializeToNode(new VolumeSpec { EngineName = "" }, SpecJson.Default.VolumeSpec));

    public static SpecShape Container { get; } = new(
        JsonSerializer.SerializeToNode(new ContainerSpec { Image = "" }, SpecJson.Default.ContainerSpec),
        (nameof(ContainerSpec.Healthcheck), new(JsonSerializer.SerializeToNode(new HealthcheckSpec(), SpecJson.Default.HealthcheckSpec))),
        (nameof(ContainerSpec.Ports), new(JsonSerializer.SerializeToNode(new PortSpec { Target = 0 }, SpecJson.Default.PortSpec))),
        (nameof(ContainerSpec.Mounts), new(JsonSerializer.SerializeToNode(new MountSpec { Kind = MountKind.Bind, Target = "" }, SpecJson.Default.MountSpec))),
        (nameof(ContainerSpec.Networks), new(JsonSerializer.SerializeToNode(new NetworkAttachmentSpec { Network = "", EngineName = "" }, SpecJson.Default.NetworkAttachmentSpec))),
        (nameof(ContainerSpec.Logging), new(JsonSerializer.SerializeToNode(new LoggingSpec(null, ImmutableSortedDictionary<string, string>.Empty), SpecJson.Default.LoggingSpec))),
        (nameof(ContainerSpec.Ulimits), new(JsonSerializer.SerializeToNode(new UlimitSpec(0, 0), SpecJson.Default.UlimitSpec)) { ByName = true }),
        (nameof(ContainerSpec.Resources), new(JsonSerializer.SerializeToNode(new ResourcesSpec(), SpecJson.Default.ResourcesSpec))),
        (nameof(ContainerSpec.Restart), new(JsonSerializer.SerializeToNode(new RestartSpec(), SpecJson.Default.RestartSpec))),
        (nameof(ContainerSpec.Ready), new(JsonSerializer.SerializeToNode(new ReadySpec(), SpecJson.Default.ReadySpec))));

    private static SpecShape Update { get; } = new(JsonSerializer.SerializeToNode(new UpdateSpec(), SpecJson.Default.UpdateSpec));

    private static SpecShape Deploy { get; } = new(
        JsonSerializer.SerializeToNode(new DeploySpec(), SpecJson.Default.DeploySpec),
        (nameof(DeploySpec.Update), Update),
        (nameof(DeploySpec.Rollback), Update),
        (nameof(DeploySpec.Strategy), new(JsonSerializer.SerializeToNode(new StrategySpec(), SpecJson.Default.StrategySpec))),
        (nameof(DeploySpec.Placement), new(JsonSerializer.SerializeToNode(new PlacementSpec(), SpecJson.Default.PlacementSpec))));

    private static SpecShape Traffic { get; } = new(
        JsonSerializer.SerializeToNode(new TrafficSpec(), SpecJson.Default.TrafficSpec),
        (nameof(TrafficSpec.Ports), new(JsonSerializer.SerializeToNode(new IngressPortSpec { Published = 0, Target = 0 }, SpecJson.Default.IngressPortSpec))),
        (nameof(TrafficSpec.Routes), new(JsonSerializer.SerializeToNode(new RouteSpec { Port = 0 }, SpecJson.Default.RouteSpec))),
        (nameof(TrafficSpec.Timeouts), new(JsonSerializer.SerializeToNode(new TrafficTimeoutsSpec(), SpecJson.Default.TrafficTimeoutsSpec))),
        (nameof(TrafficSpec.ProxyProtocol), new(JsonSerializer.SerializeToNode(new ProxyProtocolSpec(), SpecJson.Default.ProxyProtocolSpec))),
        (nameof(TrafficSpec.Slo), new(JsonSerializer.SerializeToNode(new SloSpec(), SpecJson.Default.SloSpec))),
        (nameof(TrafficSpec.Maintenance), new(JsonSerializer.SerializeToNode(new MaintenanceSpec(), SpecJson.Default.MaintenanceSpec))));

    private static SpecShape Service { get; } = new(
        JsonSerializer.SerializeToNode(new ServiceSpec { Name = "", Container = new ContainerSpec { Image = "" } }, SpecJson.Default.ServiceSpec),
        (nameof(ServiceSpec.Container), Container),
        (nameof(ServiceSpec.Deploy), Deploy),
        (nameof(ServiceSpec.Traffic), Traffic),
        (nameof(ServiceSpec.DependsOn), new(JsonSerializer.SerializeToNode(new DependencySpec { Service = "" }, SpecJson.Default.DependencySpec))));

    public static SpecShape Stack { get; } = new(
        JsonSerializer.SerializeToNode(new StackSpec { Name = "" }, SpecJson.Default.StackSpec),
        (nameof(StackSpec.Services), Service),
        (nameof(StackSpec.Networks), new(Network._defaults) { ByName = true }),
        (nameof(StackSpec.Volumes), new(Volume._defaults) { ByName = true }));

    /// <summary>
    /// A copy with sorted keys and without what equals its default, so that a property added in a later version changes no hash
    /// of a spec that does not use it.
    /// </summary>
    public JsonObject Canonical(JsonObject value)
    {
        var canonical = new JsonObject();
        foreach (var (name, node) in value.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (_defaults.TryGetPropertyValue(name, out var preset) && JsonNode.DeepEquals(node, preset))
                continue;
            canonical[name] = _children.TryGetValue(name, out var shape) ? shape.Each(node, shape.Canonical) : Sorted(node);
        }

        return canonical;
    }

    /// <summary>A dictionary's order is its comparer's, which JSON does not carry.</summary>
    private static JsonNode? Sorted(JsonNode? node) => node is JsonObject dictionary
        ? new JsonObject(dictionary.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())))
        : node?.DeepClone();

    private JsonNode? Each(JsonNode? node, Func<JsonObject, JsonObject> apply) => node switch
    {
        JsonObject named when ByName => new JsonObject(named.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value is JsonObject item ? (JsonNode?)apply(item) : p.Value?.DeepClone()))),
        JsonArray list => new JsonArray([.. list.Select(i => i is JsonObject item ? apply(item) : i?.DeepClone())]),
        JsonObject one => apply(one),
        _ => node?.DeepClone(),
    };
}
