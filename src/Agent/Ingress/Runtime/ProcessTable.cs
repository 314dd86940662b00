using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Agent.Ingress.Runtime;

/// <summary>The answer to <c>show proc</c>.</summary>
/// <param name="Current">The process that takes new connections; null while none has come up.</param>
/// <param name="Old">Those that finish what they have.</param>
/// <param name="FailedReloads">Reloads in a row that have failed up to the last one.</param>
internal sealed record ProcessTable(int? Current, ImmutableArray<int> Old, int FailedReloads)
{
    public IEnumerable<int> All => Current is { } current ? Old.Prepend(current) : Old;

    public static ProcessTable Parse(string text)
    {
        int? current = null;
        var old = ImmutableArray.CreateBuilder<int>();
        var failed = 0;
        var isOld = false;
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith('#'))
            {
                isOld = line.StartsWith("# old workers", StringComparison.Ordinal);
                continue;
            }

            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            if (words[1] == "master")
            {
                var at = line.IndexOf("[failed:", StringComparison.Ordinal);
                if (at >= 0 && line.IndexOf(']', at) is > 0 and var end) _ = int.TryParse(line[(at + 8)..end], CultureInfo.InvariantCulture, out failed);
            }
            else if (words[1] == "worker")
            {
                if (isOld) old.Add(pid);
                else current ??= pid;
            }
        }

        return new ProcessTable(current, old.ToImmutable(), failed);
    }
}
