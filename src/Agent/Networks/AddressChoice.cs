using Orchestrator.Protocol;

namespace Orchestrator.Agent.Networks;

/// <summary>Which address a container gets. Pure.</summary>
internal static class AddressChoice
{
    /// <summary>
    /// The lowest free one of the upper half, else of the lower: the engine gives its own from below to whatever else joins the network, and must not give away the address of a
    /// container that is just being restarted.
    /// </summary>
    /// <param name="subnet">The network's, in CIDR.</param>
    /// <param name="range">What this host may hand out of it.</param>
    /// <param name="taken">The gateway's, other containers', and those the engine has refused.</param>
    /// <returns>Null when all are taken.</returns>
    public static string? Next(string subnet, string range, IReadOnlySet<string> taken)
    {
        if (Ipv4Block.Parse(subnet) is not { } whole || Ipv4Block.Parse(range) is not { } own) return null;

        // Network and broadcast address of the subnet, and the first of the range beside it, are nobody's.
        var (first, last) = (Math.Max(own.Base, whole.Base) + 1UL, Math.Min(own.Base + own.Size, whole.Base + whole.Size) - 2UL);
        var middle = own.Base + (own.Size / 2);
        return Lowest(Math.Max(middle, first), last) ?? Lowest(first, Math.Min(middle - 1UL, last));

        string? Lowest(ulong from, ulong to)
        {
            for (var candidate = from; candidate <= to; candidate++)
            {
                var text = own.Address((uint)(candidate - own.Base));
                if (!taken.Contains(text)) return text;
            }

            return null;
        }
    }
}
