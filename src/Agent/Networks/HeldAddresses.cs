using System.Collections.Immutable;

namespace Orchestrator.Agent.Networks;

/// <summary>Addresses given to containers that are not there yet.</summary>
internal sealed class HeldAddresses
{
    /// <summary>Past this the container is taken never to have come. As long as a start may take by default, and a half more.</summary>
    private static readonly TimeSpan HeldMax = TimeSpan.FromMinutes(15);

    private readonly Dictionary<string, (ImmutableSortedDictionary<string, string> Addresses, DateTimeOffset Since)> _held = new(StringComparer.Ordinal);

    public IEnumerable<string> On(string network) => _held.Values.Select(h => h.Addresses.GetValueOrDefault(network)).OfType<string>();

    public void Hold(string container, ImmutableSortedDictionary<string, string> addresses, DateTimeOffset now) => _held[container] = (addresses, now);

    /// <summary>Lets go of what is there now, and of what has been waited for too long.</summary>
    public void Settle(IEnumerable<string> present, DateTimeOffset now)
    {
        foreach (var container in present) _held.Remove(container);
        foreach (var late in _held.Where(h => now - h.Value.Since > HeldMax).Select(h => h.Key).ToArray()) _held.Remove(late);
    }
}
