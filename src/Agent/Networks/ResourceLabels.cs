using System.Collections.Immutable;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Networks;

/// <summary>Of networks and volumes.</summary>
internal static class ResourceLabels
{
    /// <param name="own">The file's.</param>
    /// <param name="label">Compose's, for the key in the file.</param>
    public static ImmutableSortedDictionary<string, string> For(ImmutableSortedDictionary<string, string> own, string stack, string label, string key) => own
        .SetItem(ReplicaLabels.Stack, stack)
        .SetItem(ReplicaLabels.ComposeProject, stack)
        .SetItem(label, key);
}
