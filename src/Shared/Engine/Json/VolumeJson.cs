namespace Orchestrator.Engine.Json;

internal static class VolumeJson
{
    internal sealed record Create(string Name, string Driver, IReadOnlyDictionary<string, string>? DriverOpts, IReadOnlyDictionary<string, string>? Labels);

    internal sealed record Details(string Name, string? Driver, string? Mountpoint, Dictionary<string, string>? Labels, Dictionary<string, string>? Options);

    internal sealed record List(List<Details>? Volumes);
}
