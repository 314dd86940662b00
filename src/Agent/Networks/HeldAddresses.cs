using System.Collections.Immutable;
using Orchestrator.Engine;

namespace Orchestrator.Agent.Networks;

/// <summary>Addresses given to containers that are not there yet.</summary>
internal sealed class HeldAddresses
{
    /// <summary>Past this the container is taken never to have come. As long as a start may take by default, and a half more.</summary>
    private static readonly TimeSpan HeldMax = TimeSpan.FromMinutes(15);

    private readonly Dictionary<string, (ImmutableSortedDictionary<string, string> Addresses, DateTimeOffset Since)> _held = new(StringComparer.Ordinal);

    public IEnumerable<string> On(string network) => _held.Values.Select(h => h.Addresses.GetValueOrDefault(network)).OfType<string>();

    public void Hold(string container, ImmutableSortedDictionary<string, string> addresses, DateTimeOffset now) => _held[container] = (addresses, now);

    /// <summary>It is to be chosen for anew.</summary>
    public void Release(string container) => _held.Remove(container);

    /// <summary>Lets go of what is there now, and of what has been waited for too long. An engine lists a container that it is still making before its addresses.</summary>
    public void Settle(IEnumerable<ContainerSummary> present, DateTimeOffset now)
    {
        foreach (var container in present)
        {
            if (_held.TryGetValue(container.Name, out var held) && held.Addresses.All(a => container.Addresses.GetValueOrDefault(a.Key) == a.Value)) _held.Remove(container.Name);
        }

        foreach (var late in _held.Where(h => now - h.Value.Since > HeldMax).Select(h => h.Key).ToArray()) _held.Remove(late);
    }
}
