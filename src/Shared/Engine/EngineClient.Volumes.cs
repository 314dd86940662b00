using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

public sealed partial class EngineClient
{
    public async Task<VolumeDetails> CreateVolumeAsync(CreateVolume request, CancellationToken cancellation)
    {
        var body = new VolumeJson.Create(request.Name, request.Driver, request.Options, request.Labels);
        var call = EngineCall.Post("/volumes/create", EngineHttp.Json(body, EngineJson.Default.VolumeCreate)) with { Timeout = _timeouts.Change };
        return Map(await _http.ReadAsync(call, EngineJson.Default.VolumeDetails, cancellation));
    }

    public async Task<VolumeDetails> InspectVolumeAsync(string volume, CancellationToken cancellation) =>
        Map(await QueryAsync("/volumes/" + EngineCall.Escape(volume), EngineJson.Default.VolumeDetails, cancellation));

    public async Task<IReadOnlyList<VolumeDetails>> ListVolumesAsync(EngineFilters filters, CancellationToken cancellation)
    {
        var found = await QueryAsync("/volumes" + Query(Filters(filters)), EngineJson.Default.VolumeList, cancellation);
        return [.. (found.Volumes ?? []).Select(Map).Where(volume => IsNamed(filters, volume.Name))];
    }

    public Task RemoveVolumeAsync(string volume, bool force, CancellationToken cancellation) =>
        ChangeAsync(EngineCall.Delete("/volumes/" + EngineCall.Escape(volume) + Query(Flag("force", force))), cancellation);

    private static VolumeDetails Map(VolumeJson.Details volume) => new(volume.Name, volume.Driver ?? "", volume.Mountpoint ?? "", volume.Labels ?? [], volume.Options ?? []);
}
