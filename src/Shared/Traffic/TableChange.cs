using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic;

/// <summary>What one version of a stack's table has otherwise than the version before it.</summary>
public sealed record TableChange
{
    public required string Stack { get; init; }

    /// <summary>What it is applied to; to no other version.</summary>
    public required long Base { get; init; }

    public required long Version { get; init; }

    /// <summary>Services that are new or in any way otherwise, each with those endpoints only that are.</summary>
    public ImmutableArray<ServiceTraffic> Services { get; init; } = [];

    public ImmutableArray<string> GoneServices { get; init; } = [];

    /// <summary><see cref="Endpoint.Id"/>s of services that stay.</summary>
    public ImmutableArray<string> GoneEndpoints { get; init; } = [];

    public static TableChange Between(TrafficTable before, TrafficTable after)
    {
        var known = before.Services.ToDictionary(s => s.Service, StringComparer.Ordinal);
        var services = ImmutableArray.CreateBuilder<ServiceTraffic>();
        var gone = ImmutableArray.CreateBuilder<string>();
        foreach (var service in after.Services)
        {
            if (!known.Remove(service.Service, out var former))
            {
                services.Add(service);
                continue;
            }
            var endpoints = former.Endpoints.ToDictionary(e => e.Id, StringComparer.Ordinal);
            ImmutableArray<Endpoint> otherwise = [.. service.Endpoints.Where(e => !(endpoints.Remove(e.Id, out var same) && e.IsSame(same)))];
            gone.AddRange(endpoints.Keys.Order(StringComparer.Ordinal));
            if (!otherwise.IsEmpty || HeadOf(service) != HeadOf(former))
            {
                services.Add(service with { Endpoints = otherwise });
            }
        }
        return new TableChange
        {
            Stack = after.Stack,
            Base = before.Version,
            Version = after.Version,
            Services = services.ToImmutable(),
            GoneServices = [.. known.Keys.Order(StringComparer.Ordinal)],
            GoneEndpoints = gone.ToImmutable(),
        };
    }

    /// <summary>The table of <see cref="Version"/>, equal by content to the one that is sent whole.</summary>
    /// <exception cref="ArgumentException">The table is not of <see cref="Base"/>.</exception>
    public TrafficTable Of(TrafficTable table)
    {
        if (table.Stack != Stack || table.Version != Base)
        {
            throw new ArgumentException($"a change of {Stack} from version {Base} was applied to version {table.Version} of {table.Stack}");
        }
        var gone = GoneEndpoints.ToHashSet(StringComparer.Ordinal);
        var services = table.Services.ToDictionary(s => s.Service, s => s with { Endpoints = s.Endpoints.RemoveAll(e => gone.Contains(e.Id)) }, StringComparer.Ordinal);
        foreach (var name in GoneServices)
        {
            services.Remove(name);
        }
        foreach (var service in Services)
        {
            var replaced = service.Endpoints.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
            var stay = services.TryGetValue(service.Service, out var former) ? former.Endpoints.RemoveAll(e => replaced.Contains(e.Id)) : [];
            services[service.Service] = service with { Endpoints = Endpoint.Ordered(stay.AddRange(service.Endpoints)) };
        }
        return table with { Version = Version, Services = [.. services.Values.OrderBy(s => s.Service, StringComparer.Ordinal)] };
    }

    private static string HeadOf(ServiceTraffic service) => JsonSerializer.Serialize(service with { Endpoints = [] }, ProtocolJson.Default.ServiceTraffic);
}
