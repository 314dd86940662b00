using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Orchestrator.Agent.Networks;

/// <summary>Makes VXLAN devices what they should be, whatever they are now. Touches only those of our names.</summary>
internal sealed class OverlayLinks(ILinkCommands commands)
{
    /// <summary>Outer Ethernet, IPv4, UDP and VXLAN headers.</summary>
    private const int Overhead = 50;

    /// <summary>IPv6's is 20 bytes longer.</summary>
    private const int OverheadV6 = 70;

    private const int UsualMtu = 1500;

    /// <summary>Its entries in the forwarding table are where frames for everyone, and for no known address, go.</summary>
    private const string Everyone = "00:00:00:00:00:00";

    /// <summary>What fits into a packet of the interface that has the address. An address that no interface has is taken for one that is translated, behind the usual 1500.</summary>
    public async Task<(int Mtu, bool IsLocal)> UnderlayAsync(string address, CancellationToken cancellation)
    {
        var overhead = address.Contains(':', StringComparison.Ordinal) ? OverheadV6 : Overhead;
        using var json = JsonDocument.Parse(await ReadAsync("ip", ["-j", "addr", "show"], cancellation));
        foreach (var link in json.RootElement.EnumerateArray())
        {
            if (!link.TryGetProperty("addr_info", out var addresses)) continue;
            if (addresses.EnumerateArray().Any(a => Text(a, "local") == address)) return (Number(link, "mtu") - overhead, true);
        }

        return (UsualMtu - overhead, false);
    }

    public async Task EnsureAsync(OverlayLink wanted, CancellationToken cancellation)
    {
        var found = await FindAsync(wanted.Device, cancellation);
        if (found is not null && !IsSameTunnel(found, wanted))
        {
            await RunAsync("ip", ["link", "del", wanted.Device], cancellation);
            found = null;
        }

        if (found is null)
        {
            await RunAsync("ip", ["link", "add", wanted.Device, "type", "vxlan", "id", Text(wanted.Vni), "dstport", Text(OverlayLink.Port), .. wanted.Local is { } local ? (string[])["local", local] : []], cancellation);
        }

        if (found?.Mtu != wanted.Mtu) await RunAsync("ip", ["link", "set", wanted.Device, "mtu", Text(wanted.Mtu)], cancellation);
        if (found?.Master != wanted.Bridge || found?.IsUp != true) await RunAsync("ip", ["link", "set", wanted.Device, "master", wanted.Bridge, "up"], cancellation);
    }

    /// <summary>Frames for everyone go to these and to no others.</summary>
    public async Task SetPeersAsync(string device, ImmutableSortedSet<string> addresses, CancellationToken cancellation)
    {
        var present = await PeersAsync(device, cancellation);
        foreach (var gone in present.Except(addresses)) await RunAsync("bridge", ["fdb", "del", Everyone, "dev", device, "dst", gone], cancellation);
        foreach (var added in addresses.Except(present)) await RunAsync("bridge", ["fdb", "append", Everyone, "dev", device, "dst", added], cancellation);
    }

    /// <summary>No error when there is none.</summary>
    public async Task RemoveAsync(string device, CancellationToken cancellation)
    {
        if (await FindAsync(device, cancellation) is not null) await RunAsync("ip", ["link", "del", device], cancellation);
    }

    private static bool IsSameTunnel(Found found, OverlayLink wanted) =>
        found.Vni == wanted.Vni && found.Port == OverlayLink.Port && (found.Local ?? "") == (wanted.Local ?? "");

    private async Task<ImmutableSortedSet<string>> PeersAsync(string device, CancellationToken cancellation)
    {
        using var json = JsonDocument.Parse(await ReadAsync("bridge", ["-j", "fdb", "show", "dev", device], cancellation));
        return json.RootElement.EnumerateArray()
            .Where(entry => Text(entry, "mac") == Everyone)
            .Select(entry => Text(entry, "dst"))
            .OfType<string>()
            .ToImmutableSortedSet(StringComparer.Ordinal);
    }

    private async Task<Found?> FindAsync(string device, CancellationToken cancellation)
    {
        using var json = JsonDocument.Parse(await ReadAsync("ip", ["-d", "-j", "link", "show", "type", "vxlan"], cancellation));
        foreach (var link in json.RootElement.EnumerateArray())
        {
            // Some versions print an empty object for each device of another type.
            if (Text(link, "ifname") != device) continue;
            var data = link.GetProperty("linkinfo").GetProperty("info_data");
            var isUp = link.GetProperty("flags").EnumerateArray().Any(flag => flag.GetString() == "UP");
            return new Found(Number(data, "id"), Number(data, "port"), Text(data, "local") ?? Text(data, "local6"), Number(link, "mtu"), Text(link, "master"), isUp);
        }

        return null;
    }

    /// <summary>The output's JSON; nothing at all means none.</summary>
    private async Task<string> ReadAsync(string program, ImmutableArray<string> arguments, CancellationToken cancellation)
    {
        var output = await RunAsync(program, arguments, cancellation);
        return string.IsNullOrWhiteSpace(output) ? "[]" : output;
    }

    private async Task<string> RunAsync(string program, ImmutableArray<string> arguments, CancellationToken cancellation)
    {
        var result = await commands.RunAsync(program, arguments, cancellation);
        if (result.ExitCode == 0) return result.Output;
        var words = result.Error.Trim();
        var remedy = words switch
        {
            _ when words.Contains("not permitted", StringComparison.OrdinalIgnoreCase) => ": run the agent as root, or give it CAP_NET_ADMIN",
            _ when words.Contains("Unknown device type", StringComparison.OrdinalIgnoreCase) || words.Contains("not supported", StringComparison.OrdinalIgnoreCase) => ": this kernel has no VXLAN (modprobe vxlan)",
            _ when words.Contains("File exists", StringComparison.OrdinalIgnoreCase) => $": another device has the same VXLAN identifier on port {Text(OverlayLink.Port)}; ip -d link show type vxlan names it",
            _ => "",
        };
        throw new LinkException($"{program} {string.Join(' ', arguments)} failed ({words}){remedy}");
    }

    private static string? Text(JsonElement element, string property) => element.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int Number(JsonElement element, string property) => element.TryGetProperty(property, out var value) && value.TryGetInt32(out var number) ? number : 0;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Found(int Vni, int Port, string? Local, int Mtu, string? Master, bool IsUp);
}
