using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Orchestrator.Agent.Ingress;

/// <summary>Listening sockets of the host, by the kernel's tables: HAProxy itself could share a port with another program unnoticed, or fail as a whole.</summary>
internal static partial class HeldPorts
{
    private const string ListenState = "0A";

    /// <summary>A UDP socket that takes datagrams from anybody.</summary>
    private const string UnconnectedState = "07";

    /// <summary>Folders of processes looked at for the socket's owner.</summary>
    private const int ProcessesMax = 20_000;

    /// <summary>For people: who listens on the TCP port; null when nobody does.</summary>
    public static string? Holder(ListenAddress address) => Find(address, "tcp")?.Text;

    /// <param name="protocol"><c>tcp</c> or <c>udp</c>.</param>
    public static HeldPort? Find(ListenAddress address, string protocol)
    {
        if (SocketOf(address, protocol, protocol == "udp" ? UnconnectedState : ListenState) is not { } inode) return null;
        var process = ProcessOf(inode);
        return new HeldPort($"another program listens there{Named(process)}", process is not null, process is null ? null : ContainerOf(process));
    }

    private static string? SocketOf(ListenAddress address, string protocol, string state)
    {
        foreach (var (file, isIpv6) in new[] { ($"/proc/net/{protocol}", false), ($"/proc/net/{protocol}6", true) })
        {
            if (!File.Exists(file)) continue;
            foreach (var line in File.ReadLines(file).Skip(1))
            {
                if (Inode(line, address, isIpv6, state) is { } inode) return inode;
            }
        }

        return null;
    }

    /// <summary>The socket's inode when the line of <c>/proc/net/tcp</c> tells of a listener that collides with the address.</summary>
    internal static string? Inode(string line, ListenAddress address, bool isIpv6, string state = ListenState)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 10 || words[3] != state || words[1].Split(':') is not [var local, var port]) return null;
        if (!int.TryParse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number) || number != address.Port) return null;
        var listening = Address(local);
        if (address.HostIp is not { } hostIp || !IPAddress.TryParse(hostIp, out var wanted)) return words[9];
        if (listening.Equals(IPAddress.IPv6Any)) return words[9];
        if (listening.Equals(IPAddress.Any)) return wanted.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? words[9] : null;
        if (wanted.Equals(IPAddress.Any) || wanted.Equals(IPAddress.IPv6Any)) return wanted.Equals(IPAddress.IPv6Any) == isIpv6 ? words[9] : null;
        return listening.Equals(wanted) || (listening.IsIPv4MappedToIPv6 && listening.MapToIPv4().Equals(wanted)) ? words[9] : null;
    }

    /// <summary>Groups of four bytes, each in the machine's order, which is little-endian wherever we run.</summary>
    private static IPAddress Address(string hexadecimal)
    {
        var bytes = Convert.FromHexString(hexadecimal);
        for (var at = 0; at < bytes.Length; at += 4) Array.Reverse(bytes, at, 4);
        return new IPAddress(bytes);
    }

    /// <summary>Only root sees other users' processes; for others it is null. Else a folder of /proc.</summary>
    private static string? ProcessOf(string inode)
    {
        var link = $"socket:[{inode}]";
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])).Take(ProcessesMax))
        {
            try
            {
                if (!Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(file => File.ResolveLinkTarget(file, returnFinalTarget: false)?.Name == link)) continue;
                return process;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile, or is not ours to look at.
            }
        }

        return null;
    }

    private static string Named(string? process)
    {
        try
        {
            return process is null ? "" : $" ({File.ReadAllText(Path.Combine(process, "comm")).Trim()}, process {Path.GetFileName(process)})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string? ContainerOf(string process)
    {
        try
        {
            return ContainerIn(File.ReadAllText(Path.Combine(process, "cgroup")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The id by which the engine names a container's control group, whichever driver it uses; null where there is none.</summary>
    internal static string? ContainerIn(string cgroup) => ContainerId().Match(cgroup) is { Success: true } id ? id.Value : null;

    [GeneratedRegex("(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")]
    private static partial Regex ContainerId();
}
