using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

/// <summary>Stacks in which any property may have any kind of value, among them null, empty and default ones. One seed, one stack.</summary>
internal sealed class RandomStacks
{
    private const string Characters = "abZ0-_./:\"\\{}é\n\u2028 $<";

    private readonly Random _random;

    private RandomStacks(int seed) => _random = new Random(seed);

    public static StackSpec Of(int seed) => new RandomStacks(seed).Stack();

    private StackSpec Stack() => new()
    {
        Name = Text(),
        Services = List(Service),
        Networks = Map(Network),
        Volumes = Map(Volume),
    };

    private ServiceSpec Service() => new()
    {
        Name = Text(),
        Container = Container(),
        DependsOn = List(() => new DependencySpec { Service = Text(), Condition = Enum<DependencyCondition>(), Required = Bool() }),
        Deploy = new DeploySpec
        {
            Mode = Enum<ServiceMode>(),
            Replicas = Number(),
            Labels = Map(Text),
            Update = Update(),
            Rollback = Update(),
            Placement = new PlacementSpec
            {
                Constraints = List(() => new ConstraintSpec(Text(), Bool(), Text())),
                MaxReplicasPerHost = Number(),
                SpreadBy = List(Text),
            },
            ProgressDeadline = Time(),
            Retain = Number(),
            DrainTimeout = Time(),
        },
        PullPolicy = Enum<PullPolicy>(),
    };

    private ContainerSpec Container() => new()
    {
        Image = Text(),
        Command = Bool() ? null : List(Text),
        Entrypoint = Bool() ? null : List(Text),
        Environment = Map(() => Maybe(Text)),
        Labels = Map(Text),
        ContainerName = Maybe(Text),
        Hostname = Maybe(Text),
        User = Maybe(Text),
        WorkingDir = Maybe(Text),
        Tty = Bool(),
        StdinOpen = Bool(),
        Init = Bool() ? null : Bool(),
        ReadOnly = Bool(),
        Privileged = Bool(),
        StopSignal = Maybe(Text),
        StopGracePeriod = Time(),
        Healthcheck = Maybe(() => new HealthcheckSpec { Test = List(Text), Interval = MaybeTime(), Timeout = MaybeTime(), Retries = Bool() ? null : Number(), StartPeriod = MaybeTime(), StartInterval = MaybeTime() }),
        Ports = List(() => new PortSpec { Target = Number(), Published = Bool() ? null : Number(), Protocol = Text(), HostIp = Maybe(Text), Mode = Enum<PortMode>() }),
        Expose = List(Text),
        Mounts = List(() => new MountSpec { Kind = Enum<MountKind>(), Source = Maybe(Text), EngineName = Maybe(Text), Target = Text(), ReadOnly = Bool(), CreateHostPath = Bool(), Propagation = Maybe(Text), NoCopy = Bool(), TmpfsSizeBytes = Bool() ? null : Number(), TmpfsMode = Bool() ? null : Number() }),
        Networks = List(() => new NetworkAttachmentSpec { Network = Text(), EngineName = Text(), Aliases = List(Text), Ipv4Address = Maybe(Text), Ipv6Address = Maybe(Text), Priority = Number() }),
        NetworkMode = Maybe(Text),
        ExtraHosts = List(Text),
        Dns = List(Text),
        DnsSearch = List(Text),
        DnsOptions = List(Text),
        CapAdd = List(Text),
        CapDrop = List(Text),
        GroupAdd = List(Text),
        SecurityOptions = List(Text),
        Sysctls = Map(Text),
        Ulimits = Map(() => new UlimitSpec(Number(), Number())),
        Tmpfs = List(Text),
        ShmSizeBytes = Bool() ? null : Number(),
        Logging = Maybe(() => new LoggingSpec(Maybe(Text), Map(Text))),
        Resources = new ResourcesSpec { CpuLimit = Bool() ? null : Number() / 4m, MemoryLimitBytes = Bool() ? null : long.MaxValue - Number(), PidsLimit = Bool() ? null : -Number(), CpuReservation = Bool() ? null : Number(), MemoryReservationBytes = Bool() ? null : Number() },
        Restart = new RestartSpec { Condition = Enum<RestartCondition>(), MaxAttempts = Number(), Delay = Time(), Window = Time() },
        Ready = Maybe(() => new ReadySpec { HttpPath = Maybe(Text), Port = Number() }),
    };

    private UpdateSpec Update() => new()
    {
        Parallelism = Number(),
        Delay = Time(),
        FailureAction = Enum<FailureAction>(),
        Monitor = Time(),
        MaxFailureRatio = _random.NextDouble(),
        Order = Enum<UpdateOrder>(),
    };

    private NetworkSpec Network() => new()
    {
        EngineName = Text(),
        External = Bool(),
        Driver = Text(),
        DriverOptions = Map(Text),
        Labels = Map(Text),
        Internal = Bool(),
        Attachable = Bool(),
        EnableIpv6 = Bool(),
        Subnet = Maybe(Text),
        Gateway = Maybe(Text),
    };

    private VolumeSpec Volume() => new() { EngineName = Text(), External = Bool(), Driver = Text(), DriverOptions = Map(Text), Labels = Map(Text) };

    private bool Bool() => _random.Next(2) == 0;

    private int Number() => _random.Next(4) == 0 ? 0 : _random.Next(1, 70000);

    private TimeSpan Time() => TimeSpan.FromTicks(_random.NextInt64(TimeSpan.TicksPerDay * 30));

    private TimeSpan? MaybeTime() => Bool() ? null : Time();

    private string Text() => string.Concat(Enumerable.Range(0, _random.Next(5)).Select(_ => Characters[_random.Next(Characters.Length)]));

    private T? Maybe<T>(Func<T> make)
        where T : class => Bool() ? null : make();

    private T Enum<T>()
        where T : struct, Enum => System.Enum.GetValues<T>()[_random.Next(System.Enum.GetValues<T>().Length)];

    private ImmutableArray<T> List<T>(Func<T> make) => [.. Enumerable.Range(0, _random.Next(3)).Select(_ => make())];

    private ImmutableSortedDictionary<string, T> Map<T>(Func<T> make)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        for (var i = _random.Next(4); i > 0; i--)
            map[Text()] = make();
        return map.ToImmutable();
    }
}
