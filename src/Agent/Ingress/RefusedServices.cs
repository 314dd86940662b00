using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Ingress;

/// <summary>
/// Services whose listeners or policy HAProxy does not take. Each goes on as it was shown last, and nobody else waits for it, until it wants something else. Forgotten
/// with the agent: then HAProxy is asked once more.
/// </summary>
internal sealed class RefusedServices
{
    private readonly Dictionary<string, Refusal> _refusals = new(StringComparer.Ordinal);

    /// <summary>By service, as HAProxy has loaded it.</summary>
    private readonly Dictionary<string, TrafficSpec> _shown = new(StringComparer.Ordinal);

    /// <summary>By stack.</summary>
    public ImmutableSortedDictionary<string, string> Problems => _refusals
        .OrderBy(refusal => refusal.Key, StringComparer.Ordinal)
        .GroupBy(refusal => refusal.Key[..refusal.Key.IndexOf(':', StringComparison.Ordinal)], StringComparer.Ordinal)
        .ToImmutableSortedDictionary(stack => stack.Key, stack => string.Join("; ", stack.Select(refusal => refusal.Value.Message)), StringComparer.Ordinal);

    /// <summary>What is wanted, with what was shown last where that is refused.</summary>
    public HostTraffic Replace(HostTraffic wanted)
    {
        foreach (var gone in _shown.Keys.Concat(_refusals.Keys).Except(wanted.Services.Select(pair => Key(pair.Stack, pair.Service))).ToArray())
        {
            _shown.Remove(gone);
            _refusals.Remove(gone);
        }

        foreach (var (stack, service) in wanted.Services.Where(pair => _refusals.ContainsKey(Key(pair.Stack, pair.Service))).ToArray())
        {
            if (_refusals[Key(stack, service)].Spec != Text(service.Spec)) _refusals.Remove(Key(stack, service));
        }

        if (_refusals.Count == 0) return wanted;
        return new HostTraffic(wanted.Stacks.ToImmutableSortedDictionary(
            stack => stack.Key,
            stack => stack.Value with { Table = stack.Value.Table with { Services = [.. stack.Value.Table.Services.Select(service => Replace(stack.Key, service))] } },
            StringComparer.Ordinal));
    }

    /// <summary>HAProxy has loaded it.</summary>
    public void Shown(HostTraffic shown)
    {
        foreach (var (stack, service) in shown.Services) _shown[Key(stack, service)] = service.Spec;
    }

    /// <param name="said">HAProxy's words on <paramref name="config"/>.</param>
    /// <returns>False: it names nobody's line, so that nothing can be left out.</returns>
    public bool Take(HostTraffic wanted, string said, string config)
    {
        var owners = RefusedLines.Owners(said, config);
        var refused = wanted.Services.Where(pair => owners.Contains(Key(pair.Stack, pair.Service))).ToArray();
        foreach (var (stack, service) in refused)
        {
            var key = Key(stack, service);

            // What was shown once is refused too: another HAProxy, perhaps.
            if (_refusals.ContainsKey(key)) _shown.Remove(key);
            _refusals[key] = new Refusal(Text(service.Spec), $"HAProxy does not take what {key} asks of it, and goes on with the rest: {said}");
        }

        return refused.Length > 0;
    }

    private ServiceTraffic Replace(string stack, ServiceTraffic service)
    {
        var key = Key(stack, service);
        if (!_refusals.ContainsKey(key)) return service;
        return service with { Spec = _shown.GetValueOrDefault(key) ?? service.Spec with { Ports = [], Routes = [] } };
    }

    private static string Key(string stack, ServiceTraffic service) => IngressLayout.ServiceKey(stack, service.Service);

    private static string Text(TrafficSpec spec) => JsonSerializer.Serialize(spec, ProtocolJson.Default.TrafficSpec);

    /// <param name="Spec">Each table brings an equal one anew.</param>
    private sealed record Refusal(string Spec, string Message);
}
