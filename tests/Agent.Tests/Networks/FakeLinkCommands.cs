using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Orchestrator.Agent.Networks;

namespace Orchestrator.Agent.Tests.Networks;

/// <summary>The few sentences of <c>ip</c> and <c>bridge</c> that we speak, on devices in memory. What it does not know fails as the real ones do.</summary>
internal sealed class FakeLinkCommands : ILinkCommands
{
    public SortedDictionary<string, Device> Devices { get; } = new(StringComparer.Ordinal);

    public List<string> Changes { get; } = [];

    /// <summary>Of the interface with the address 10.77.0.1.</summary>
    public int UnderlayMtu { get; set; } = 1500;

    /// <summary>Answered to every change.</summary>
    public string? Refusal { get; set; }

    public bool IsMissing { get; set; }

    public Task<LinkResult> RunAsync(string program, ImmutableArray<string> arguments, CancellationToken cancellation)
    {
        if (IsMissing) throw new LinkException($"the program '{program}' does not start here");
        var words = $"{program} {string.Join(' ', arguments)}";
        if (words == "ip -j addr show") return Done(new JsonArray(new JsonObject { ["ifname"] = "eth0", ["mtu"] = UnderlayMtu, ["addr_info"] = new JsonArray(new JsonObject { ["local"] = "10.77.0.1" }) }));
        if (words == "ip -d -j link show type vxlan") return Done([.. Devices.Select(d => Json(d.Key, d.Value))]);
        if (words.StartsWith("bridge -j fdb show dev ", StringComparison.Ordinal)) return Done([.. Devices[arguments[^1]].Peers.Select(p => new JsonObject { ["mac"] = "00:00:00:00:00:00", ["dst"] = p })]);
        if (Refusal is { } refusal) return Task.FromResult(new LinkResult(2, "", refusal));
        Changes.Add(words);
        Change(words.Split(' '));
        return Task.FromResult(new LinkResult(0, "", ""));
    }

    private void Change(string[] words)
    {
        switch (words)
        {
            case ["ip", "link", "add", var name, "type", "vxlan", "id", var vni, "dstport", var port, .. var rest]:
                Devices.Add(name, new Device { Vni = Number(vni), Port = Number(port), Local = rest is ["local", var local] ? local : null });
                break;
            case ["ip", "link", "del", var name]:
                Assert.True(Devices.Remove(name), $"there is no device {name}");
                break;
            case ["ip", "link", "set", var name, "mtu", var mtu]:
                Devices[name].Mtu = Number(mtu);
                break;
            case ["ip", "link", "set", var name, "master", var bridge, "up"]:
                (Devices[name].Master, Devices[name].IsUp) = (bridge, true);
                break;
            case ["bridge", "fdb", "append", "00:00:00:00:00:00", "dev", var name, "dst", var peer]:
                Assert.True(Devices[name].Peers.Add(peer), $"{name} has the peer {peer} already");
                break;
            case ["bridge", "fdb", "del", "00:00:00:00:00:00", "dev", var name, "dst", var peer]:
                Assert.True(Devices[name].Peers.Remove(peer), $"{name} has no peer {peer}");
                break;
            default:
                Assert.Fail($"unknown: {string.Join(' ', words)}");
                break;
        }
    }

    private static JsonObject Json(string name, Device device) => new()
    {
        ["ifname"] = name,
        ["mtu"] = device.Mtu,
        ["master"] = device.Master,
        ["flags"] = device.IsUp ? new JsonArray("BROADCAST", "UP") : new JsonArray("BROADCAST"),
        ["linkinfo"] = new JsonObject { ["info_data"] = new JsonObject { ["id"] = device.Vni, ["port"] = device.Port, ["local"] = device.Local } },
    };

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static Task<LinkResult> Done(JsonArray output) => Task.FromResult(new LinkResult(0, output.ToJsonString(), ""));

    internal sealed class Device
    {
        public required int Vni { get; init; }

        public required int Port { get; init; }

        public string? Local { get; init; }

        public int Mtu { get; set; } = 1500;

        public string? Master { get; set; }

        public bool IsUp { get; set; }

        public SortedSet<string> Peers { get; } = new(StringComparer.Ordinal);
    }
}
