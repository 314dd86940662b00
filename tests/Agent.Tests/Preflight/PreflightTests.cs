using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Preflight;
using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests.Preflight;

public sealed class PreflightTests : IDisposable
{
    private static readonly ReplicaLabel Ours = new("shop", "web");
    private readonly FakeHost _host = new();
    private readonly AgentBench _bench;

    public PreflightTests() => _bench = new AgentBench(probe: _host).Connected();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Nothing_in_the_way_is_answered_with_nothing_and_touches_nothing()
    {
        var before = _bench.Engine.Calls.Count;

        Assert.Empty(Check(Web(c => c)));

        Assert.All(_bench.Engine.Calls.Skip(before), call => Assert.Matches("^(List|Inspect)", call.Operation));
        Assert.Empty(_bench.Engine.Containers);
    }

    [Fact]
    public void Port_that_another_program_has_is_told_with_the_program()
    {
        _host.Ports[("tcp", 8080)] = "another program listens there (nginx, process 7)";

        Assert.Equal(
            new PreflightProblem("service web", "port 8080/tcp is not free: another program listens there (nginx, process 7); stop that or publish another port", IsWarning: false),
            Assert.Single(Check(Web(WithPort(8080)))));
        Assert.Empty(Check(Web(WithPort(8081))));
    }

    [Fact]
    public async Task Port_that_a_container_has_is_told_with_the_container_unless_it_is_of_the_stack()
    {
        await RunAsync("other", null, 8080);
        await RunAsync("shop-web-1", Ours, 8081);
        await RunAsync("mail-web-1", new ReplicaLabel("mail", "web"), 8082);

        // What holds the port for a container would else be taken for a foreign program.
        foreach (var port in new[] { 8080, 8081, 8082 }) _host.Ports[("tcp", port)] = "another program listens there (docker-proxy)";

        Assert.Equal("port 8080/tcp is not free: container other (registry.test/web:v1, running), which is not ours; stop that or publish another port", Assert.Single(Check(Web(WithPort(8080)))).Message);
        Assert.Empty(Check(Web(WithPort(8081))));
        Assert.Equal("port 8082/tcp is not free: container mail-web-1 of stack mail; stop that or publish another port", Assert.Single(Check(Web(WithPort(8082)))).Message);
    }

    [Fact]
    public async Task Name_of_a_foreign_container_is_told_and_one_of_the_service_is_its_own()
    {
        await RunAsync("front", null);
        await RunAsync("shop-web-1-aaaabbbb", null);

        Assert.Equal(
            ["the container name front is taken by container front (registry.test/web:v1, running), which is not ours; remove that one (docker rm -f front) or change container_name"],
            Check(Web(c => c with { ContainerName = "front" })).Select(p => p.Message));
        Assert.Equal(
            ["the container name shop-web-1-aaaabbbb is taken by container shop-web-1-aaaabbbb (registry.test/web:v1, running), which is not ours; remove that one (docker rm -f shop-web-1-aaaabbbb)"],
            Check(Web(c => c)).Select(p => p.Message));

        await _bench.Engine.RemoveContainerAsync("front", force: true, volumes: false, CancellationToken.None);
        await RunAsync("front", Ours);
        Assert.Empty(Check(Web(c => c with { ContainerName = "front" }, AgentBench.Key(2))));
    }

    [Fact]
    public async Task Networks_and_volumes_that_are_missing_or_collide_are_all_told_at_once()
    {
        await _bench.Engine.CreateNetworkAsync(new CreateNetwork { Name = "office", Subnet = "10.9.0.0/16" }, CancellationToken.None);
        var service = Web(c => c);
        service = service with
        {
            Spec = service.Spec with
            {
                Networks = service.Spec.Networks
                    .Add("back", new NetworkSpec { EngineName = "shop_back", Subnet = "10.9.8.0/24" })
                    .Add("free", new NetworkSpec { EngineName = "shop_free", Subnet = "10.10.0.0/24" })
                    .Add("proxy", new NetworkSpec { EngineName = "proxy", External = true })
                    .Add("wide", new NetworkSpec { EngineName = "shop_wide" }),
                Overlays = service.Spec.Overlays.Add("wide", new OverlaySlice { EngineName = "shop_wide", Key = "wide", Network = new NetworkSpec { EngineName = "shop_wide" }, Vni = 7, Subnet = "10.9.128.0/20", Range = "10.9.128.0/24", Gateway = "10.9.128.2" }),
                Volumes = service.Spec.Volumes.Add("data", new VolumeSpec { EngineName = "data", External = true }).Add("own", new VolumeSpec { EngineName = "shop_own" }),
            },
        };

        Assert.Equal(
            [
                "external network proxy does not exist; create it there: docker network create proxy",
                "external volume data does not exist; create it there: docker volume create data",
                "network shop_back cannot have the subnet 10.9.8.0/24: network office has 10.9.0.0/16; give it another subnet, or remove that one (docker network rm office)",
                "network shop_wide cannot have the subnet 10.9.128.0/20: network office has 10.9.0.0/16; give it another subnet, or remove that one (docker network rm office)",
            ],
            Check(service).Select(p => p.Message));

        await _bench.Engine.CreateNetworkAsync(new CreateNetwork { Name = "proxy" }, CancellationToken.None);
        await _bench.Engine.CreateVolumeAsync(new CreateVolume { Name = "data" }, CancellationToken.None);
        await _bench.Engine.RemoveNetworkAsync("office", CancellationToken.None);
        Assert.Empty(Check(service));
    }

    [Fact]
    public void Bind_source_must_be_there_only_where_it_is_not_created()
    {
        MountSpec Bind(string source, bool create) => new() { Kind = MountKind.Bind, Source = source, Target = "/x", CreateHostPath = create };
        _host.Paths.Add("/there");

        Assert.Equal(
            ["the bind source /missing does not exist; create it there, or set bind.create_host_path: true"],
            Check(Web(c => c with { Mounts = [Bind("/missing", false), Bind("/there", false), Bind("/made", true)] })).Select(p => p.Message));
    }

    [Theory]
    [InlineData("aarch64", false, "linux/amd64", "linux/ppc64le")]
    [InlineData("aarch64", true, "linux/amd64")]
    [InlineData("aarch64", null, "linux/amd64", "linux/arm64/v8", "unknown/unknown")]
    [InlineData("aarch64", null, "linux/arm/v7")]
    [InlineData("x86_64", null, "linux/amd64")]
    [InlineData("x86_64", null)]
    [InlineData("vax", null, "linux/amd64")]
    public void Image_must_be_there_for_the_hosts_machine(string machine, bool? isWarning, params string[] platforms)
    {
        _bench.Engine.Info = _bench.Engine.Info with { Architecture = machine };
        _bench.Engine.Registry.Platforms = platforms;
        _bench.RestartAgent();
        _bench.Forget();

        var problems = Check(Web(c => c));

        if (isWarning is null) Assert.Empty(problems);
        else Assert.Equal((isWarning, true), (Assert.Single(problems).IsWarning, problems[0].Message.Contains($"is for {string.Join(", ", platforms)}, and the host is linux/arm64", StringComparison.Ordinal)));
    }

    [Fact]
    public void Image_that_cannot_be_pulled_is_a_warning_and_one_that_is_there_needs_no_registry()
    {
        var web = Web(c => c);
        _bench.Engine.Registry.IsDown = true;
        var told = Assert.Single(Check(web));
        Assert.True(told.IsWarning);
        Assert.Contains("is not there and cannot be pulled as it stands", told.Message, StringComparison.Ordinal);

        _bench.Engine.Registry.IsDown = false;
        _bench.Passed(web.Spec);
        _bench.Forget();
        _bench.Engine.Registry.IsDown = true;
        Assert.Empty(Check(web));
    }

    [Fact]
    public void Engine_that_does_not_answer_in_time_is_a_warning()
    {
        _bench.Engine.Inject(new FakeFault(nameof(IEngine.ListContainersAsync)) { Delay = TimeSpan.FromMinutes(5) });
        _bench.Send(Command(Web(c => c)));
        Assert.Empty(_bench.All<AgentEvent.Preflighted>());

        _bench.Advance(PreflightActor.AnswerMax);

        Assert.Equal(new PreflightProblem("", "containers could not be looked at: looking at containers took longer than 10 s", IsWarning: true), Assert.Single(_bench.One<AgentEvent.Preflighted>().Problems));
    }

    [Fact]
    public void Repetition_while_it_is_under_way_is_answered_once()
    {
        _bench.Engine.Latency = TimeSpan.FromSeconds(1);
        _bench.Send(Command(Web(c => c)));
        _bench.Send(Command(Web(c => c)));
        _bench.Advance(5);

        Assert.Equal("preflight-1", _bench.One<AgentEvent.Preflighted>().CommandId);
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public void Port_of_the_ingress_must_be_free_or_the_ingresss_own(bool hasIngress, bool isOwn, bool isRefused)
    {
        _host.Ports[("tcp", 8080)] = "another program listens there";
        var command = new AgentCommand.Preflight { CommandId = "c", Stack = "shop", Listeners = [new PreflightListener("web", null, 8080)] };

        var problems = PreflightChecks.Ports(command, [], _host, hasIngress, isOwn ? [new ListenAddress(null, 8080)] : []).Select(p => p.Message).ToArray();

        Assert.Equal(isRefused ? ["port 8080/tcp of the ingress is not free: another program listens there; stop that or publish another port"] : [], problems);
    }

    [Theory]
    [InlineData("10.0.0.5", null, false)]
    [InlineData("10.0.0.5", "10.0.0.5", false)]
    [InlineData("10.0.0.5", "127.0.0.1", true)]
    public void Port_that_the_ingress_has_on_another_address_is_not_its_own_here(string bound, string? wanted, bool isRefused)
    {
        _host.Ports[("tcp", 8080)] = "another program listens there";
        var command = new AgentCommand.Preflight { CommandId = "c", Stack = "shop", Listeners = [new PreflightListener("web", wanted, 8080)] };

        Assert.Equal(isRefused, PreflightChecks.Ports(command, [], _host, hasIngress: true, [ListenAddress.Parse($"{bound}:8080")!]).Any());
    }

    [Fact]
    public async Task Port_that_a_container_in_the_hosts_network_has_is_that_containers()
    {
        var own = await RunAsync("shop-web-1", Ours, isInHostNetwork: true);
        var other = await RunAsync("mail-web-1", new ReplicaLabel("mail", "web"), isInHostNetwork: true);
        _host.Ports[("tcp", 8080)] = "another program listens there (nginx, process 7)";

        _host.Container = own;
        Assert.Empty(Check(Web(WithPort(8080))));
        _host.Container = other;
        Assert.Equal("port 8080/tcp is not free: container mail-web-1 of stack mail; stop that or publish another port", Assert.Single(Check(Web(WithPort(8080)))).Message);
        _host.Container = null;
        Assert.False(Assert.Single(Check(Web(WithPort(8080)))).IsWarning);

        _host.SeesOwners = false;
        var unknown = Assert.Single(Check(Web(WithPort(8080))));
        Assert.True(unknown.IsWarning);
        Assert.Contains("it may be shop-web-1 of this stack, which is in the host's network", unknown.Message, StringComparison.Ordinal);
        await _bench.Engine.RemoveContainerAsync("shop-web-1", force: true, volumes: false, CancellationToken.None);
        Assert.False(Assert.Single(Check(Web(WithPort(8080)))).IsWarning);
    }

    [Theory]
    [InlineData("0::/system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope\n", true)]
    [InlineData("12:pids:/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n0::/\n", true)]
    [InlineData("0::/user.slice/user-1000.slice/session-3.scope\n", false)]
    public void Container_of_a_process_is_in_the_name_of_its_control_group(string cgroup, bool isIn) =>
        Assert.Equal(isIn ? "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" : null, HeldPorts.ContainerIn(cgroup));

    [Fact]
    public void Bind_source_on_a_file_system_that_does_not_answer_is_a_warning_and_holds_up_nothing_else()
    {
        _host.Dead = "/mnt/dead";
        MountSpec Bind(string source) => new() { Kind = MountKind.Bind, Source = source, Target = "/x", CreateHostPath = false };
        _bench.Forget();
        _bench.Send(Command(Web(c => c with { Mounts = [Bind("/mnt/dead"), Bind("/missing")] })));
        _bench.Advance(PreflightActor.AnswerMax);

        Assert.Equal(
            [
                ("the bind source /mnt/dead could not be looked at: looking at the bind source /mnt/dead took longer than 10 s", true),
                ("the bind source /missing does not exist; create it there, or set bind.create_host_path: true", false),
            ],
            _bench.One<AgentEvent.Preflighted>().Problems.Select(p => (p.Message, p.IsWarning)));
    }

    [Fact]
    public async Task Looks_that_do_not_come_back_hold_up_no_more_than_a_few_threads()
    {
        using var answer = new ManualResetEventSlim();
        var looking = 0;
        var probe = new LocalHost(_ =>
        {
            Interlocked.Increment(ref looking);
            answer.Wait();
            return true;
        });
        using var given = new CancellationTokenSource();
        var dead = Enumerable.Range(0, 10).Select(_ => probe.ExistsAsync("/mnt/dead", given.Token)).ToArray();
        await given.CancelAsync();

        Assert.All(await Task.WhenAll(dead.Select(d => d.ContinueWith(t => t.IsCanceled, TaskScheduler.Default))), Assert.True);
        Assert.InRange(Volatile.Read(ref looking), 0, 4);

        answer.Set();
        Assert.True(await probe.ExistsAsync("/mnt/dead", CancellationToken.None));
        Assert.InRange(looking, 1, 5);
    }

    [Fact]
    public async Task Own_sockets_and_files_are_seen_as_they_are()
    {
        var probe = new LocalHost();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var (tcp, udp) = (((IPEndPoint)listener.LocalEndpoint).Port, ((IPEndPoint)datagrams.Client.LocalEndPoint!).Port);
        var folder = Directory.CreateTempSubdirectory("orchestrator-preflight");

        Assert.Contains("another program listens there", probe.PortHolder("tcp", null, tcp)!.Text, StringComparison.Ordinal);
        Assert.Contains("another program listens there", probe.PortHolder("tcp", "127.0.0.1", tcp)!.Text, StringComparison.Ordinal);
        Assert.Null(probe.PortHolder("tcp", "127.0.0.2", tcp));
        Assert.Contains("another program listens there", probe.PortHolder("udp", null, udp)!.Text, StringComparison.Ordinal);
        Assert.Null(probe.PortHolder("sctp", null, tcp));
        listener.Stop();
        Assert.Null(probe.PortHolder("tcp", null, tcp));
        Assert.True(await probe.ExistsAsync(folder.FullName, CancellationToken.None));
        folder.Delete();
        Assert.False(await probe.ExistsAsync(folder.FullName, CancellationToken.None));
        Assert.Null(LocalHost.OfEngine("tcp://10.0.0.1:2375"));
    }

    private static Func<ContainerSpec, ContainerSpec> WithPort(int published) => c => c with { Ports = [new PortSpec { Target = 80, Published = published, Mode = PortMode.Host }] };

    private PreflightService Web(Func<ContainerSpec, ContainerSpec> change, params ReplicaKey[] keys) => new("web", _bench.Spec(change), keys.Length == 0 ? [AgentBench.Key()] : [.. keys]);

    private static AgentCommand.Preflight Command(PreflightService service) => new() { CommandId = "preflight-1", Stack = "shop", Services = [service] };

    private ImmutableArray<PreflightProblem> Check(PreflightService service)
    {
        _bench.Forget();
        _bench.Send(Command(service));
        return _bench.One<AgentEvent.Preflighted>().Problems;
    }

    /// <returns>The container's id.</returns>
    private async Task<string> RunAsync(string name, ReplicaLabel? label, int? port = null, bool isInHostNetwork = false)
    {
        await _bench.Engine.PullImageAsync(AgentBench.Image, null, null, CancellationToken.None);
        var labels = label is null
            ? ImmutableDictionary<string, string>.Empty
            : ImmutableDictionary<string, string>.Empty.Add(ReplicaLabels.Stack, label.Stack).Add(ReplicaLabels.Service, label.Service).Add(ReplicaLabels.Slot, "1").Add(ReplicaLabels.Revision, "000011112222");
        var id = await _bench.Engine.CreateContainerAsync(name, new CreateContainer { Image = AgentBench.Image, NetworkMode = isInHostNetwork ? "host" : null, Labels = labels, PortBindings = port is { } number ? [new PortBinding(80, "tcp", null, number)] : [] }, CancellationToken.None);
        await _bench.Engine.StartContainerAsync(name, CancellationToken.None);
        _bench.Settle();
        return id;
    }

    private sealed record ReplicaLabel(string Stack, string Service);

    private sealed class FakeHost : IHostProbe
    {
        public Dictionary<(string Protocol, int Port), string> Ports { get; } = [];

        public HashSet<string> Paths { get; } = [];

        /// <summary>Its owner is seen, and is in that container; null: in none.</summary>
        public string? Container { get; set; }

        public bool SeesOwners { get; set; } = true;

        /// <summary>As with a file system whose server is gone.</summary>
        public string? Dead { get; set; }

        public HeldPort? PortHolder(string protocol, string? hostIp, int port) => Ports.TryGetValue((protocol, port), out var text) ? new HeldPort(text, SeesOwners, Container) : null;

        public Task<bool> ExistsAsync(string path, CancellationToken cancellation) => path == Dead ? new TaskCompletionSource<bool>().Task : Task.FromResult(Paths.Contains(path));
    }
}
