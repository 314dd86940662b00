using System.Net;

namespace Orchestrator.Stacks;

/// <summary>Addresses of a host that a port is bound on.</summary>
public static class HostAddress
{
    /// <summary>Whether the same port cannot be bound on both. Null and the unspecified addresses are every address of the host.</summary>
    public static bool Overlap(string? one, string? other) => IsAny(one) || IsAny(other) || one == other
        || (IPAddress.TryParse(one, out var first) && IPAddress.TryParse(other, out var second) && first.MapToIPv6().Equals(second.MapToIPv6()));

    private static bool IsAny(string? address) => address is null or "" or "*" or "0.0.0.0" or "::";
}
