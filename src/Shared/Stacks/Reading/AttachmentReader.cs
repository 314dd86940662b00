using System.Collections.Immutable;
using System.Net;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service's <c>networks</c>: names, or names with aliases and addresses. The primary network comes first.</summary>
internal static class AttachmentReader
{
    private static readonly KeyTable<NetworkAttachmentSpec> Keys = new("link_local_ips", "mac_address", "driver_opts", "interface_name", "gw_priority")
    {
        { "aliases", (n, v) => n with { Aliases = v.Strings() } },
        { "ipv4_address", (n, v) => n with { Ipv4Address = ReadAddress(v) } },
        { "ipv6_address", (n, v) => n with { Ipv6Address = ReadAddress(v) } },
        { "priority", (n, v) => n with { Priority = v.Int(int.MinValue) ?? 0 } },
    };

    public static ImmutableArray<NetworkAttachmentSpec> Read(Value value)
    {
        var attachments = new List<NetworkAttachmentSpec>();
        if (value.IsMap)
        {
            foreach (var (key, child) in value.Entries())
            {
                if (Attached(key.Text, child) is not { } attachment)
                    continue;
                attachments.Add(child.IsNull ? attachment : Keys.Read(child, attachment));
            }
        }
        else
        {
            foreach (var item in value.Items())
            {
                if (item.String() is not { } name || Attached(name, item) is not { } attachment)
                    continue;
                if (attachments.Any(a => a.Network == name))
                    item.Error($"the network {name} is here twice", "remove one of them");
                else
                    attachments.Add(attachment);
            }
        }

        return [.. attachments.OrderByDescending(a => a.Priority).ThenBy(a => a.Network, StringComparer.Ordinal)];
    }

    public static NetworkAttachmentSpec Default(LoadContext context) => new()
    {
        Network = NetworkReader.Default,
        EngineName = context.Networks[NetworkReader.Default].EngineName,
    };

    private static NetworkAttachmentSpec? Attached(string name, Value at)
    {
        var networks = at.Context.Networks;
        if (networks.TryGetValue(name, out var network))
            return new NetworkAttachmentSpec { Network = name, EngineName = network.EngineName };
        at.Error($"the network `{name}` is not declared", Spelling.DidYouMean(name, [.. networks.Keys], "network"));
        return null;
    }

    private static string? ReadAddress(Value value)
    {
        if (value.String() is not { } text)
            return null;
        if (IPAddress.TryParse(text, out _))
            return text;
        value.Error($"`{text}` is not an IP address");
        return null;
    }
}
