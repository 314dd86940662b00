using System.Collections.Immutable;
using Orchestrator.Agent.Replicas;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Replicas;

public sealed class ContainerRequestTests
{
    private static readonly ImmutableSortedDictionary<string, string> Empty = ImmutableSortedDictionary<string, string>.Empty;

    private static CreateContainer For(ContainerSpec container, TimeSpan monitor = default) =>
        ContainerRequest.For(AgentBench.Key(2), new ReplicaSpec { Container = container, ConfigHash = "hash", Monitor = monitor }, "command", ImmutableSortedDictionary<string, string>.Empty);

    private static ContainerSpec Spec() => new() { Image = "web:v1" };

    [Fact]
    public void Plain_specification_leaves_everything_to_image_and_engine()
    {
        var request = For(Spec());

        Assert.Equal("web:v1", request.Image);
        Assert.Null(request.Command);
        Assert.Null(request.Entrypoint);
        Assert.Null(request.Healthcheck);
        Assert.Null(request.Init);
        Assert.Null(request.NetworkMode);
        Assert.Null(request.MemoryBytes);
        Assert.Empty(request.Env);
        Assert.Empty(request.Networks);
        Assert.Equal(RestartPolicy.No, request.RestartPolicy);
        Assert.Equal(TimeSpan.FromSeconds(10), request.StopTimeout);
    }

    [Fact]
    public void Empty_command_clears_and_is_not_taken_for_none()
    {
        var request = For(Spec() with { Command = [], Entrypoint = ["/bin/app", "serve"] });

        Assert.Empty(request.Command!);
        Assert.Equal(["/bin/app", "serve"], request.Entrypoint!);
    }

    [Fact]
    public void Variable_without_a_value_unsets()
    {
        var request = For(Spec() with { Environment = ImmutableSortedDictionary<string, string?>.Empty.Add("A", "1").Add("B", null).Add("C", "") });

        Assert.Equal(["A=1", "B", "C="], request.Env);
    }

    [Fact]
    public void Our_labels_win_over_the_files()
    {
        var request = For(Spec() with { Labels = Empty.Add("own", "x").Add(ReplicaLabels.Slot, "99"), Restart = new RestartSpec { Condition = RestartCondition.OnFailure, MaxAttempts = 4 }, StopGracePeriod = TimeSpan.FromSeconds(3) }, TimeSpan.FromSeconds(7));

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["own"] = "x",
                [ReplicaLabels.Stack] = "shop",
                [ReplicaLabels.Service] = "web",
                [ReplicaLabels.Slot] = "2",
                [ReplicaLabels.Revision] = "aaaabbbbcccc",
                [ReplicaLabels.ConfigHash] = "hash",
                [ReplicaLabels.Instance] = "command",
                [ReplicaLabels.Restart] = "on-failure:4",
                [ReplicaLabels.Monitor] = "7000",
                [ReplicaLabels.StopGrace] = "3000",
                [ReplicaLabels.ComposeProject] = "shop",
                [ReplicaLabels.ComposeService] = "web",
                [ReplicaLabels.ComposeNumber] = "2",
                [ReplicaLabels.ComposeOneoff] = "False",
                [ReplicaLabels.ComposeConfigHash] = "hash",
            },
            new Dictionary<string, string>(request.Labels));
    }

    [Fact]
    public void Labels_lead_back_to_the_key() => Assert.Equal(AgentBench.Key(2), ReplicaObservation.Key(For(Spec()).Labels));

    [Fact]
    public void Ports_of_both_modes_are_bound_and_exposed_once()
    {
        var request = For(Spec() with
        {
            Expose = ["80/tcp", "9000/tcp"],
            Ports = [new PortSpec { Target = 80, Published = 8080, HostIp = "127.0.0.1" }, new PortSpec { Target = 53, Protocol = "udp", Mode = PortMode.Host }],
        });

        Assert.Equal(["80/tcp", "9000/tcp", "53/udp"], request.ExposedPorts);
        Assert.Equal([new PortBinding(80, "tcp", "127.0.0.1", 8080), new PortBinding(53, "udp", null, null)], request.PortBindings);
    }

    [Fact]
    public void Networks_go_by_priority_then_name_with_composes_aliases()
    {
        var request = For(Spec() with
        {
            Networks =
            [
                new NetworkAttachmentSpec { Network = "b", EngineName = "shop_b" },
                new NetworkAttachmentSpec { Network = "a", EngineName = "shop_a", Ipv4Address = "10.0.0.9" },
                new NetworkAttachmentSpec { Network = "z", EngineName = "shop_z", Priority = 10, Aliases = ["www", "web"] },
            ],
        });

        Assert.Equal(["shop_z", "shop_a", "shop_b"], request.Networks.Select(network => network.Network));
        Assert.Equal(["web", "www", "shop-web-2-aaaabbbb"], request.Networks[0].Settings.Aliases);
        Assert.Equal("10.0.0.9", request.Networks[1].Settings.Ipv4Address);
    }

    [Fact]
    public void Network_mode_takes_the_place_of_networks()
    {
        var request = For(Spec() with { NetworkMode = "host", Networks = [new NetworkAttachmentSpec { Network = "a", EngineName = "shop_a" }] });

        Assert.Equal("host", request.NetworkMode);
        Assert.Empty(request.Networks);
    }

    [Fact]
    public void Mounts_take_the_form_that_can_say_them()
    {
        var request = For(Spec() with
        {
            Mounts =
            [
                new MountSpec { Kind = MountKind.Bind, Source = "/srv/a", Target = "/a", CreateHostPath = true, ReadOnly = true, Propagation = "rslave" },
                new MountSpec { Kind = MountKind.Bind, Source = "/srv/b", Target = "/b", CreateHostPath = true },
                new MountSpec { Kind = MountKind.Bind, Source = "/srv/c:d", Target = "/c", CreateHostPath = true },
                new MountSpec { Kind = MountKind.Bind, Source = "/srv/d", Target = "/d" },
                new MountSpec { Kind = MountKind.Volume, Source = "data", EngineName = "shop_data", Target = "/data", NoCopy = true },
                new MountSpec { Kind = MountKind.Volume, Target = "/anonymous" },
                new MountSpec { Kind = MountKind.Tmpfs, Target = "/tmp", TmpfsSizeBytes = 1024, TmpfsMode = 511 },
            ],
            Tmpfs = ["/run", "/cache:size=64m,mode=1777"],
        });

        Assert.Equal(["/srv/a:/a:ro,rslave", "/srv/b:/b"], request.Binds);
        Assert.Equal(
            [
                new Mount { Type = "bind", Source = "/srv/c:d", Target = "/c" },
                new Mount { Type = "bind", Source = "/srv/d", Target = "/d" },
                new Mount { Type = "volume", Source = "shop_data", Target = "/data", NoCopy = true },
                new Mount { Type = "volume", Target = "/anonymous" },
                new Mount { Type = "tmpfs", Target = "/tmp", TmpfsSizeBytes = 1024, TmpfsMode = 511 },
            ],
            request.Mounts);
        Assert.Equal(("", "size=64m,mode=1777"), (request.Tmpfs["/run"], request.Tmpfs["/cache"]));
    }

    [Fact]
    public void Resources_are_given_in_the_engines_units()
    {
        var request = For(Spec() with { Resources = new ResourcesSpec { CpuLimit = 1.5m, MemoryLimitBytes = 100, PidsLimit = 7, MemoryReservationBytes = 50, CpuReservation = 1m } });

        Assert.Equal((1_500_000_000L, 100L, 7L, 50L), (request.NanoCpus!.Value, request.MemoryBytes!.Value, request.PidsLimit!.Value, request.MemoryReservationBytes!.Value));
    }

    [Fact]
    public void Healthcheck_keeps_what_is_left_open_open()
    {
        var request = For(Spec() with { Healthcheck = new HealthcheckSpec { Interval = TimeSpan.FromSeconds(3), Retries = 5 } });

        Assert.Empty(request.Healthcheck!.Test);
        Assert.Equal((TimeSpan.FromSeconds(3), 5), (request.Healthcheck.Interval!.Value, request.Healthcheck.Retries!.Value));
        Assert.Null(request.Healthcheck.Timeout);
    }

    [Fact]
    public void Everything_else_is_handed_on()
    {
        var request = For(Spec() with
        {
            Hostname = "h", User = "u", WorkingDir = "/w", Tty = true, StdinOpen = true, Init = true, ReadOnly = true, Privileged = true, StopSignal = "SIGINT",
            ExtraHosts = ["a:1.2.3.4"], Dns = ["1.1.1.1"], DnsSearch = ["x"], DnsOptions = ["ndots:1"], CapAdd = ["NET_ADMIN"], CapDrop = ["ALL"], GroupAdd = ["audio"],
            SecurityOptions = ["no-new-privileges"], Sysctls = Empty.Add("net.core.somaxconn", "1"), Ulimits = ImmutableSortedDictionary<string, UlimitSpec>.Empty.Add("nofile", new UlimitSpec(1, 2)),
            ShmSizeBytes = 64, Logging = new LoggingSpec("json-file", Empty.Add("max-size", "1m")),
        });

        Assert.Equal(("h", "u", "/w", "SIGINT", "json-file"), (request.Hostname, request.User, request.WorkingDir, request.StopSignal, request.LogDriver));
        Assert.True(request is { Tty: true, OpenStdin: true, Init: true, ReadonlyRootfs: true, Privileged: true, ShmSizeBytes: 64 });
        Assert.Equal(
            ["a:1.2.3.4", "1.1.1.1", "x", "ndots:1", "NET_ADMIN", "ALL", "audio", "no-new-privileges"],
            [.. request.ExtraHosts, .. request.Dns, .. request.DnsSearch, .. request.DnsOptions, .. request.CapAdd, .. request.CapDrop, .. request.GroupAdd, .. request.SecurityOpt]);
        Assert.Equal("1", request.Sysctls["net.core.somaxconn"]);
        Assert.Equal(new Ulimit("nofile", 1, 2), Assert.Single(request.Ulimits));
        Assert.Equal("1m", request.LogOptions["max-size"]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 100)]
    [InlineData(2, 140)]
    [InlineData(20, 1000)]
    [InlineData(100_000, 1000)]
    public void Probes_come_close_at_first_and_a_second_apart_later(int attempt, int milliseconds) =>
        Assert.Equal(milliseconds, GateProbe.Delay(attempt).TotalMilliseconds, 1.0);

    [Fact]
    public void Probe_of_an_open_healthcheck_has_the_engines_defaults()
    {
        var probe = GateProbe.For(null, new Healthcheck { Test = ["CMD", "a", "b"] });

        var exec = Assert.IsType<GateProbe.Exec>(probe);
        Assert.Equal(["a", "b"], exec.Command);
        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(90)), (exec.Timeout, exec.Interval * exec.Retries!.Value));
    }

    [Fact]
    public void No_probe_without_healthcheck_or_with_a_disabled_one()
    {
        Assert.Null(GateProbe.For(null, null));
        Assert.Null(GateProbe.For(null, new Healthcheck { Test = ["NONE"] }));
    }
}
