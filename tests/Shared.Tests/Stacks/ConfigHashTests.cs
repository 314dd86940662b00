using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

public sealed class ConfigHashTests
{
    private static readonly ContainerSpec Plain = new() { Image = "nginx:1" };

    /// <summary>One change for each property of a container.</summary>
    private static readonly (string Property, ContainerSpec Changed)[] Changes =
    [
        (nameof(ContainerSpec.Command), Plain with { Command = [] }),
        (nameof(ContainerSpec.Entrypoint), Plain with { Entrypoint = ["sh"] }),
        (nameof(ContainerSpec.Environment), Plain with { Environment = Plain.Environment.Add("A", null) }),
        (nameof(ContainerSpec.Labels), Plain with { Labels = Plain.Labels.Add("a", "") }),
        (nameof(ContainerSpec.ContainerName), Plain with { ContainerName = "x" }),
        (nameof(ContainerSpec.Hostname), Plain with { Hostname = "x" }),
        (nameof(ContainerSpec.User), Plain with { User = "x" }),
        (nameof(ContainerSpec.WorkingDir), Plain with { WorkingDir = "/x" }),
        (nameof(ContainerSpec.Tty), Plain with { Tty = true }),
        (nameof(ContainerSpec.StdinOpen), Plain with { StdinOpen = true }),
        (nameof(ContainerSpec.Init), Plain with { Init = false }),
        (nameof(ContainerSpec.ReadOnly), Plain with { ReadOnly = true }),
        (nameof(ContainerSpec.Privileged), Plain with { Privileged = true }),
        (nameof(ContainerSpec.StopSignal), Plain with { StopSignal = "SIGINT" }),
        (nameof(ContainerSpec.StopGracePeriod), Plain with { StopGracePeriod = TimeSpan.Zero }),
        (nameof(ContainerSpec.Healthcheck), Plain with { Healthcheck = new HealthcheckSpec() }),
        (nameof(ContainerSpec.Ports), Plain with { Ports = [new PortSpec { Target = 80 }] }),
        (nameof(ContainerSpec.Expose), Plain with { Expose = ["80/tcp"] }),
        (nameof(ContainerSpec.Mounts), Plain with { Mounts = [new MountSpec { Kind = MountKind.Tmpfs, Target = "/t" }] }),
        (nameof(ContainerSpec.Networks), Plain with { Networks = [new NetworkAttachmentSpec { Network = "n", EngineName = "s_n" }] }),
        (nameof(ContainerSpec.NetworkMode), Plain with { NetworkMode = "host" }),
        (nameof(ContainerSpec.ExtraHosts), Plain with { ExtraHosts = ["a:1.1.1.1"] }),
        (nameof(ContainerSpec.Dns), Plain with { Dns = ["1.1.1.1"] }),
        (nameof(ContainerSpec.DnsSearch), Plain with { DnsSearch = ["x"] }),
        (nameof(ContainerSpec.DnsOptions), Plain with { DnsOptions = ["x"] }),
        (nameof(ContainerSpec.CapAdd), Plain with { CapAdd = ["x"] }),
        (nameof(ContainerSpec.CapDrop), Plain with { CapDrop = ["x"] }),
        (nameof(ContainerSpec.GroupAdd), Plain with { GroupAdd = ["x"] }),
        (nameof(ContainerSpec.SecurityOptions), Plain with { SecurityOptions = ["x"] }),
        (nameof(ContainerSpec.Sysctls), Plain with { Sysctls = Plain.Sysctls.Add("a", "1") }),
        (nameof(ContainerSpec.Ulimits), Plain with { Ulimits = Plain.Ulimits.Add("nofile", new UlimitSpec(0, 0)) }),
        (nameof(ContainerSpec.Tmpfs), Plain with { Tmpfs = ["/t"] }),
        (nameof(ContainerSpec.ShmSizeBytes), Plain with { ShmSizeBytes = 0 }),
        (nameof(ContainerSpec.Logging), Plain with { Logging = new LoggingSpec(null, ImmutableSortedDictionary<string, string>.Empty) }),
        (nameof(ContainerSpec.Resources), Plain with { Resources = new ResourcesSpec { CpuLimit = 1 } }),
        (nameof(ContainerSpec.Restart), Plain with { Restart = new RestartSpec { MaxAttempts = 1 } }),
        (nameof(ContainerSpec.Ready), Plain with { Ready = new ReadySpec { Port = 1 } }),
    ];

    private static readonly StackSpec Stack = new()
    {
        Name = "s",
        Networks = ImmutableSortedDictionary<string, NetworkSpec>.Empty
            .Add("n", new NetworkSpec { EngineName = "s_n" })
            .Add("other", new NetworkSpec { EngineName = "s_other" }),
        Volumes = ImmutableSortedDictionary<string, VolumeSpec>.Empty
            .Add("v", new VolumeSpec { EngineName = "s_v" })
            .Add("other", new VolumeSpec { EngineName = "s_other" }),
    };

    private static readonly ServiceSpec Attached = new()
    {
        Name = "web",
        Container = Plain with
        {
            Networks = [new NetworkAttachmentSpec { Network = "n", EngineName = "s_n" }],
            Mounts = [new MountSpec { Kind = MountKind.Volume, Source = "v", EngineName = "s_v", Target = "/v" }],
        },
    };

    private static string Of(ContainerSpec container) => ConfigHash.Of(Stack, new ServiceSpec { Name = "web", Container = container }, container.Image);

    [Fact]
    public void Every_property_of_a_container_has_a_change_here() =>
        Assert.Equal(
            typeof(ContainerSpec).GetProperties().Select(p => p.Name).Where(n => n != nameof(ContainerSpec.Image)).Order(),
            Changes.Select(c => c.Property).Order());

    [Fact]
    public void Each_change_gives_another_hash()
    {
        var hashes = Changes.Select(c => Of(c.Changed)).Append(Of(Plain)).ToList();

        Assert.Equal(hashes.Count, hashes.Distinct().Count());
    }

    [Fact]
    public void Image_counts_as_resolved_and_not_as_written()
    {
        var service = new ServiceSpec { Name = "web", Container = Plain };

        Assert.NotEqual(ConfigHash.Of(Stack, service, "nginx@sha256:1"), ConfigHash.Of(Stack, service, "nginx@sha256:2"));
        Assert.Equal(
            ConfigHash.Of(Stack, service, "nginx@sha256:1"),
            ConfigHash.Of(Stack, service with { Container = Plain with { Image = "other" } }, "nginx@sha256:1"));
    }

    [Fact]
    public void Policy_changes_nothing()
    {
        var changed = Attached with
        {
            DependsOn = [new DependencySpec { Service = "db" }],
            PullPolicy = PullPolicy.Always,
            Deploy = new DeploySpec
            {
                Mode = ServiceMode.Global,
                Replicas = 5,
                Labels = ImmutableSortedDictionary<string, string>.Empty.Add("a", "b"),
                Update = new UpdateSpec { Parallelism = 3 },
                Rollback = new UpdateSpec { Parallelism = 3 },
                Placement = new PlacementSpec { MaxReplicasPerHost = 1 },
                ProgressDeadline = TimeSpan.FromSeconds(1),
                Retain = 3,
                DrainTimeout = TimeSpan.FromSeconds(1),
            },
        };

        Assert.Equal(ConfigHash.Of(Stack, Attached, "i"), ConfigHash.Of(Stack, changed, "i"));
    }

    [Fact]
    public void Definitions_of_what_is_used_count_and_of_what_is_not_do_not()
    {
        var before = ConfigHash.Of(Stack, Attached, "i");

        Assert.NotEqual(before, ConfigHash.Of(Stack with { Networks = Stack.Networks.SetItem("n", new NetworkSpec { EngineName = "s_n", Subnet = "10.0.0.0/24" }) }, Attached, "i"));
        Assert.NotEqual(before, ConfigHash.Of(Stack with { Volumes = Stack.Volumes.SetItem("v", new VolumeSpec { EngineName = "s_v", Driver = "nfs" }) }, Attached, "i"));
        Assert.Equal(before, ConfigHash.Of(Stack with { Networks = Stack.Networks.SetItem("other", new NetworkSpec { EngineName = "x", Internal = true }) }, Attached, "i"));
        Assert.Equal(before, ConfigHash.Of(Stack with { Volumes = Stack.Volumes.SetItem("other", new VolumeSpec { EngineName = "x" }) }, Attached, "i"));
    }

    [Fact]
    public void Order_of_a_dictionary_does_not_count()
    {
        var backwards = ImmutableSortedDictionary.Create<string, string?>(Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a))).Add("A", "1").Add("B", "2");
        var forwards = ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add("A", "1").Add("B", "2");

        Assert.Equal(Of(Plain with { Environment = forwards }), Of(Plain with { Environment = backwards }));
    }

    /// <summary>These change only when every running container shall be replaced by an upgrade of the product.</summary>
    [Fact]
    public void Hash_is_the_same_in_every_version()
    {
        Assert.Equal("e6cb6b1fb7773275040725ad652b03535dd2b52b5b52d0db3a5cae0b3e331f5a", Of(Plain));
        Assert.Equal("e5be736fa01e6c360162d2b9bc3e63bdfc060fffa9af5d0b1351811f61566327", ConfigHash.Of(Stack, Attached, "nginx@sha256:1"));
    }

    [Fact]
    public void Hash_of_a_plain_container_is_over_its_image_alone() =>
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("""{"container":{"Image":"nginx:1"},"networks":{},"volumes":{}}"""u8)),
            Of(Plain));
}
