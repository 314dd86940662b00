using System.Collections.Immutable;
using System.Diagnostics;
using Orchestrator.Agent.Networks;

namespace Orchestrator.Agent.Tests.Networks;

/// <summary>With the real programs, on two hosts that are network namespaces of their own. Needs root; without it only what needs none is checked, and the rest by the fake of <see cref="OverlayTests"/>.</summary>
public sealed class OverlayLinksTests : IAsyncLifetime
{
    private const string Bridge = "orctest";

    private static readonly bool CanIsolate = OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && (File.Exists("/sbin/ip") || File.Exists("/usr/sbin/ip") || File.Exists("/bin/ip"));

    private readonly LinkCommands _here = new(TimeProvider.System);
    private readonly string _a = $"orct{Environment.ProcessId}a";
    private readonly string _b = $"orct{Environment.ProcessId}b";
    private readonly CancellationTokenSource _end = new(TimeSpan.FromMinutes(1));

    private static OverlayLink Link(string local, int mtu = 1450) => new() { Device = "orcvtest", Bridge = Bridge, Vni = 77, Mtu = mtu, Local = local };

    public async Task InitializeAsync()
    {
        if (!CanIsolate) return;
        foreach (var name in new[] { _a, _b }) await HereAsync("netns", "add", name);
        await HereAsync("link", "add", "eth0", "netns", _a, "type", "veth", "peer", "name", "eth0", "netns", _b);
        foreach (var (name, number) in new[] { (_a, 1), (_b, 2) })
        {
            await InAsync(name, "ip", "addr", "add", $"10.99.99.{number}/24", "dev", "eth0");
            await InAsync(name, "ip", "link", "set", "eth0", "up");
            await InAsync(name, "ip", "link", "add", Bridge, "type", "bridge");
            await InAsync(name, "ip", "addr", "add", $"10.128.{number}.1/16", "dev", Bridge);
            await InAsync(name, "ip", "link", "set", Bridge, "up");
        }
    }

    public async Task DisposeAsync()
    {
        if (CanIsolate)
        {
            foreach (var name in new[] { _a, _b }) await _here.RunAsync("ip", ["netns", "del", name], CancellationToken.None);
        }

        _end.Dispose();
    }

    private async Task HereAsync(params string[] arguments)
    {
        var result = await _here.RunAsync("ip", [.. arguments], _end.Token);
        Assert.True(result.ExitCode == 0, $"ip {string.Join(' ', arguments)}: {result.Error}");
    }

    private async Task<string> InAsync(string name, string program, params string[] arguments)
    {
        var result = await new Inside(_here, name).RunAsync(program, [.. arguments], _end.Token);
        Assert.True(result.ExitCode == 0, $"{name}: {program} {string.Join(' ', arguments)}: {result.Error}");
        return result.Output;
    }

    [Fact]
    public async Task Bridges_of_two_hosts_are_one_network_and_a_second_time_changes_nothing()
    {
        if (!CanIsolate) return;
        foreach (var (name, own, other) in new[] { (_a, "10.99.99.1", "10.99.99.2"), (_b, "10.99.99.2", "10.99.99.1") })
        {
            var inside = new Inside(_here, name);
            var links = new OverlayLinks(inside);
            Assert.Equal((1450, true), await links.UnderlayAsync(own, _end.Token));
            Assert.Equal((1450, false), await links.UnderlayAsync("203.0.113.9", _end.Token));
            for (var time = 1; time <= 2; time++)
            {
                inside.Sentences.Clear();
                await links.EnsureAsync(Link(own), _end.Token);
                await links.SetPeersAsync("orcvtest", [other, "10.99.99.77"], _end.Token);
            }

            Assert.DoesNotContain(inside.Sentences, s => s.Contains(" set ", StringComparison.Ordinal) || s.Contains("link add", StringComparison.Ordinal) || s.Contains("append", StringComparison.Ordinal));
            await links.SetPeersAsync("orcvtest", [other], _end.Token);
            Assert.DoesNotContain("10.99.99.77", await InAsync(name, "bridge", "fdb", "show", "dev", "orcvtest"), StringComparison.Ordinal);
        }

        await InAsync(_a, "busybox", "ping", "-c", "1", "-W", "5", "-s", "8000", "10.128.2.1");
    }

    [Fact]
    public async Task Device_of_another_tunnel_is_made_anew_a_wrong_size_is_set_right_and_removal_is_repeatable()
    {
        if (!CanIsolate) return;
        var links = new OverlayLinks(new Inside(_here, _a));
        await links.EnsureAsync(Link("10.99.99.1") with { Vni = 5 }, _end.Token);
        await links.EnsureAsync(Link("10.99.99.1"), _end.Token);
        await links.EnsureAsync(Link("10.99.99.1", 1400), _end.Token);

        var shown = await InAsync(_a, "ip", "-d", "link", "show", "orcvtest");
        Assert.Contains("vxlan id 77", shown, StringComparison.Ordinal);
        Assert.Contains("mtu 1400", shown, StringComparison.Ordinal);
        Assert.Contains("dstport 7789", shown, StringComparison.Ordinal);
        Assert.Contains($"master {Bridge}", shown, StringComparison.Ordinal);

        await links.RemoveAsync("orcvtest", _end.Token);
        await links.RemoveAsync("orcvtest", _end.Token);
    }

    [Fact]
    public async Task Bridge_that_is_not_there_is_said_in_the_programs_words()
    {
        if (!CanIsolate) return;
        var error = await Assert.ThrowsAsync<LinkException>(() => new OverlayLinks(new Inside(_here, _a)).EnsureAsync(Link("10.99.99.1") with { Bridge = "nowhere" }, _end.Token));

        Assert.Contains("nowhere", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_that_is_missing_is_named_with_what_to_install()
    {
        var error = await Assert.ThrowsAsync<LinkException>(() => _here.RunAsync("ip-that-is-not-there", [], _end.Token));

        Assert.Contains("install iproute2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_that_does_not_end_is_ended()
    {
        var before = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<LinkException>(() => _here.RunAsync("sleep", ["60"], _end.Token));

        Assert.InRange(Stopwatch.GetElapsedTime(before), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(40));
    }

    private sealed class Inside(LinkCommands here, string name) : ILinkCommands
    {
        public List<string> Sentences { get; } = [];

        public Task<LinkResult> RunAsync(string program, ImmutableArray<string> arguments, CancellationToken cancellation)
        {
            Sentences.Add($" {program} {string.Join(' ', arguments)} ");
            return here.RunAsync("ip", ["netns", "exec", name, program, .. arguments], cancellation);
        }
    }
}
