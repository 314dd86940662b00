using System.Net;

namespace Orchestrator.Stacks.Reading;

/// <summary>One entry of the top level's <c>networks</c>.</summary>
internal static class NetworkReader
{
    /// <summary>The network of services that name none.</summary>
    public const string Default = "default";

    internal static readonly KeyTable<NetworkSpec> PoolKeys = new("ip_range", "aux_addresses")
    {
        { "subnet", (n, v) => n with { Subnet = Checked(v, IPNetwork.TryParse(v.String(), out _), "a subnet such as 10.5.0.0/24") ?? n.Subnet } },
        { "gateway", (n, v) => n with { Gateway = Checked(v, IPAddress.TryParse(v.String(), out _), "an address such as 10.5.0.1") ?? n.Gateway } },
    };

    internal static readonly KeyTable<NetworkSpec> IpamKeys = new("options")
    {
        { "driver", (n, v) => { if (v.String() is { } driver and not "default") v.Error($"the address driver `{driver}` is not supported yet", "use `default`, or leave it out"); return n; } },
        { "config", ReadPools },
    };

    internal static readonly KeyTable<NetworkSpec> Keys = new("enable_ipv4")
    {
        { "name", (n, v) => n with { EngineName = v.String() ?? n.EngineName } },
        { "driver", (n, v) => n with { Driver = v.String() ?? n.Driver } },
        { "driver_opts", (n, v) => n with { DriverOptions = v.StringMap() } },
        { "external", (n, v) => External.Read(v) is var (external, name) ? n with { External = external, EngineName = name ?? n.EngineName } : n },
        { "internal", (n, v) => n with { Internal = v.Bool() ?? n.Internal } },
        { "attachable", (n, v) => n with { Attachable = v.Bool() ?? n.Attachable } },
        { "enable_ipv6", (n, v) => n with { EnableIpv6 = v.Bool() ?? n.EnableIpv6 } },
        { "labels", (n, v) => n with { Labels = LabelReader.Read(v) } },
        { "ipam", (n, v) => IpamKeys.Read(v, n) },
    };

    public static NetworkSpec Read(Value value, string key, string stack)
    {
        var plain = new NetworkSpec { EngineName = $"{stack}_{key}" };
        if (value.IsNull)
            return plain;
        var spec = Keys.Read(value, plain with { EngineName = "" });
        if (spec.External)
            External.RefuseOthers(value);
        return spec.EngineName.Length > 0 ? spec : spec with { EngineName = spec.External ? key : plain.EngineName };
    }

    private static NetworkSpec ReadPools(NetworkSpec network, Value value)
    {
        var pools = value.Items();
        if (pools.Count > 1)
            pools[1].Error("more than one address pool is not supported yet", "keep one");
        return pools.Count == 0 ? network : PoolKeys.Read(pools[0], network);
    }

    private static string? Checked(Value value, bool good, string expected)
    {
        if (value.String() is not { } text)
            return null;
        if (!good)
            value.Error($"must be {expected}, but is `{text}`");
        return text;
    }
}
