using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

public sealed partial class EngineClient
{
    public Task ConnectNetworkAsync(string network, string container, EndpointSettings settings, CancellationToken cancellation)
    {
        var body = new NetworkJson.Connect(container, ContainerMapping.Endpoint(settings));
        return ChangeAsync(EngineCall.Post($"/networks/{EngineCall.Escape(network)}/connect", EngineHttp.Json(body, EngineJson.Default.NetworkConnect)), cancellation);
    }

    public async Task<string> CreateNetworkAsync(CreateNetwork request, CancellationToken cancellation)
    {
        var version = await _http.VersionAsync(cancellation);
        var hasIpam = request.Subnet is not null || request.IpRange is not null || request.Gateway is not null;
        var body = new NetworkJson.Create
        {
            Name = request.Name,
            CheckDuplicate = version < EngineApi.ManyEndpoints ? true : null,
            Driver = request.Driver,
            Options = request.Options,
            Labels = request.Labels,
            Internal = request.Internal,
            Attachable = request.Attachable,
            EnableIpv6 = request.EnableIpv6,
            Ipam = hasIpam ? new NetworkJson.Ipam([new NetworkJson.IpamConfig(request.Subnet, request.IpRange, request.Gateway)]) : null,
        };
        var call = EngineCall.Post("/networks/create", EngineHttp.Json(body, EngineJson.Default.NetworkCreate)) with { Timeout = _timeouts.Change };
        return (await _http.ReadAsync(call, EngineJson.Default.IdAnswer, cancellation)).Id;
    }

    public async Task<NetworkDetails> InspectNetworkAsync(string network, CancellationToken cancellation) =>
        Map(await QueryAsync("/networks/" + EngineCall.Escape(network), EngineJson.Default.NetworkDetails, cancellation));

    public async Task<IReadOnlyList<NetworkDetails>> ListNetworksAsync(EngineFilters filters, CancellationToken cancellation)
    {
        var found = await QueryAsync("/networks" + Query(Filters(filters)), EngineJson.Default.NetworkList, cancellation);
        return [.. found.Select(Map).Where(network => IsNamed(filters, network.Name))];
    }

    public Task RemoveNetworkAsync(string network, CancellationToken cancellation) => ChangeAsync(EngineCall.Delete("/networks/" + EngineCall.Escape(network)), cancellation);

    private static NetworkDetails Map(NetworkJson.Details network)
    {
        var ipam = network.Ipam?.Config is [var first, ..] ? first : null;
        return new NetworkDetails(
            network.Id, network.Name, network.Driver ?? "", network.Labels ?? [], network.Options ?? [],
            ipam?.Subnet, ipam?.Gateway, network.Internal, [.. (network.Containers ?? []).Keys.Order(StringComparer.Ordinal)])
        {
            IpRange = ipam?.IpRange is { Length: > 0 } range ? range : null,
            Addresses = (network.Containers ?? []).Where(member => member.Value.Address is { Length: > 0 }).ToDictionary(member => member.Key, member => member.Value.Address!.Split('/')[0]),
        };
    }
}
