using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Agent;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Links;
using Orchestrator.Agent.Preflight;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;
using Orchestrator.Fleet;
using Orchestrator.Hosting;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Changes;

/// <summary>From a request to its refusal or its plan, with two hosts whose engines are in memory.</summary>
public sealed class PreparationTests : IAsyncLifetime
{
    private const string Image = "registry.test/web:v1";
    private const string NewImage = "registry.test/web:v2";
    private readonly MemoryStore _store = new();
    private readonly FakeRegistry _registry = new FakeRegistry().Push(new FakeImage(Image), new FakeImage(NewImage));
    private readonly Dictionary<string, FakeEngine> _engines = [];
    private readonly Dictionary<string, FakeHost> _hosts = [];
    private readonly Dictionary<string, IActorRef> _agents = [];
    private ActorSystem _system = null!;
    private CoordinatorHost _host = null!;

    private ICoordinator Coordinator => _host.Coordinator;

    public Task InitializeAsync() => StartAsync(TimeSpan.FromMilliseconds(50));

    private async Task StartAsync(TimeSpan hostDownAfter)
    {
        _system = ActorSystem.Create("preparation");
        _host = CoordinatorHost.Start(_system, _store, new FleetOptions { HostDownAfter = hostDownAfter, WaitsForFirstHost = true }, new StackOptions(), new CoordinatorVersion("0.1.0", "fleet", ""), NullLoggerFactory.Instance);
        foreach (var host in new[] { "h1", "h2" })
        {
            await ConnectAsync(host);
        }
    }

    public async Task DisposeAsync() => await _system.Terminate();

    [Fact]
    public async Task Every_problem_of_every_host_is_told_at_once_and_nothing_is_changed()
    {
        _hosts["h1"].Ports.Add(8080);
        _hosts["h2"].Ports.Add(8080);
        _hosts["h2"].Ports.Add(9090);
        var spec = Spec(2) with { Networks = ImmutableSortedDictionary<string, NetworkSpec>.Empty.Add("proxy", new NetworkSpec { EngineName = "proxy", External = true }) };
        var web = spec.Services[0];
        spec = spec with
        {
            Services = [web with
            {
                Container = web.Container with { Ports = [new PortSpec { Target = 80, Published = 8080, Mode = PortMode.Host }, new PortSpec { Target = 90, Published = 9090, Mode = PortMode.Host }], Networks = [new NetworkAttachmentSpec { Network = "proxy", EngineName = "proxy" }] },
            }],
        };

        foreach (var ask in new Func<Task>[] { () => Coordinator.PlanAsync(Deploy(spec), CancellationToken.None), () => DeployAsync(spec) })
        {
            var refused = await Assert.ThrowsAsync<CoordinatorException>(ask);

            Assert.Equal(CoordinatorErrorKind.Invalid, refused.Kind);
            Assert.Equal(
                """
                the plan is refused, nothing was changed:
                  service web on h1, h2: external network proxy does not exist; create it there: docker network create proxy
                  service web on h1, h2: port 8080/tcp is not free: another program; stop that or publish another port
                  service web on h2: port 9090/tcp is not free: another program; stop that or publish another port
                """,
                refused.Message.ReplaceLineEndings("\n"));
        }

        Assert.All(_engines.Values, e => Assert.Empty(e.Containers));
        Assert.Empty(await Coordinator.StacksAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Listener_that_no_replica_of_the_host_needs_must_still_be_free_on_every_host()
    {
        _hosts["h2"].Ports.Add(8080);
        var spec = Spec(1);
        spec = spec with { Services = [spec.Services[0] with { Traffic = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] } }] };

        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => Coordinator.PlanAsync(Deploy(spec), CancellationToken.None));

        Assert.Contains("service web on h2: port 8080/tcp of the ingress is not free: another program", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Way_back_is_warned_of_what_a_host_says_and_not_held_up()
    {
        await DeployAsync(Spec(2));
        await DeployAsync(Spec(2, NewImage));
        foreach (var (host, engine) in _engines)
        {
            engine.Registry.Platforms = ["linux/s390x", "linux/ppc64le"];
            var old = engine.Containers.Single(c => c.Status == "exited");
            await engine.RemoveContainerAsync(old.Id, force: true, volumes: false, CancellationToken.None);
            await engine.RemoveImageAsync((await engine.ListImagesAsync(EngineFilters.None, CancellationToken.None)).Single(i => i.Id == old.Image.Id).Id, force: true, CancellationToken.None);
        }

        var plan = await Coordinator.PlanAsync(new ChangeRequest.Rollback { Stack = World.Stack }, CancellationToken.None);

        Assert.Contains("linux/s390x, linux/ppc64le, and the host is linux/amd64", Assert.Single(plan.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task First_deploy_that_fails_does_not_send_to_a_revision_that_is_not_there()
    {
        _registry.Push(FakeImage.BadCommand("registry.test/bad:v1"));
        var spec = Spec(1, "registry.test/bad:v1", FailureAction.Rollback);

        var events = await DeployAsync(spec, ChangeOutcome.Paused);

        Assert.Contains(events.OfType<ChangeEvent.Planned>().Single().Plan.Warnings, w => w.Contains("failure_action is rollback and there is no good revision to go back to yet", StringComparison.Ordinal));
        var ended = (ChangeEvent.Ended)events[^1];
        Assert.Contains("remove the stack with `orchestrator rm shop`: there is no good revision to go back to", ended.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("orchestrator rollback", ended.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_that_has_replicas_and_is_lost_is_refused_by_name_unless_it_is_skipped()
    {
        await DeployAsync(Spec(2));
        await DisconnectAsync("h2");

        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => DeployAsync(Spec(2, NewImage)));
        Assert.Equal(CoordinatorErrorKind.Unreachable, refused.Kind);
        Assert.Contains("host h2 is", refused.Message, StringComparison.Ordinal);
        Assert.Contains("it has web.2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--skip-unreachable", refused.Message, StringComparison.Ordinal);
        var scale = new ChangeRequest.Scale { Stack = World.Stack, Replicas = ImmutableSortedDictionary<string, int>.Empty.Add("web", 3) };
        Assert.Equal(CoordinatorErrorKind.Unreachable, (await Assert.ThrowsAsync<CoordinatorException>(() => ChangeAsync(scale))).Kind);
        Assert.Equal(ChangeOutcome.Done, Outcome(await ChangeAsync(scale with { SkipUnreachable = true })));

        var events = await ChangeAsync(Deploy(Spec(2, NewImage)) with { SkipUnreachable = true });

        Assert.Equal(ChangeOutcome.Done, Outcome(events));
        Assert.Equal(2, _engines["h1"].Containers.Count(c => c.IsRunning && c.Request.Image.StartsWith(NewImage, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Host_whose_agent_is_being_restarted_is_waited_for()
    {
        await _system.Terminate();
        await StartAsync(TimeSpan.FromMinutes(5));
        await DeployAsync(Spec(2));
        await DisconnectAsync("h2", HostState.Disconnected);

        var update = DeployAsync(Spec(2, NewImage));
        await LinkAsync("h2");

        await update;
        Assert.All(_engines.Values, e => Assert.Single(e.Containers, c => c.IsRunning && c.Request.Image.StartsWith(NewImage, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Plan_file_is_carried_out_as_it_stands_even_when_the_tag_has_moved()
    {
        var file = await Coordinator.PlanFileAsync(Deploy(Spec(2)), CancellationToken.None);
        Assert.Equal(file.ToBytes(), (await Coordinator.PlanFileAsync(Deploy(Spec(2)), CancellationToken.None)).ToBytes());
        var pinned = file.Images["web"].Image;
        _registry.Push(new FakeImage(Image) { Content = "newer" });

        var events = await ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = PlanFile.Read(file.ToBytes()) });

        Assert.Equal(ChangeOutcome.Done, Outcome(events));
        Assert.All(_engines.Values.SelectMany(e => e.Containers), c => Assert.Equal(pinned, c.Request.Image));
        Assert.Equal(file.Plan.Services[0].Slots.Select(s => (s.Slot, s.Host)), events.OfType<ChangeEvent.Planned>().Single().Plan.Services[0].Slots.Select(s => (s.Slot, s.Host)));
    }

    [Fact]
    public async Task Plan_file_is_refused_with_what_has_changed_since()
    {
        await DeployAsync(Spec(2));
        var file = await Coordinator.PlanFileAsync(Deploy(Spec(2, NewImage)), CancellationToken.None);
        var lost = _engines["h2"].Containers.Single();
        await _engines["h2"].RemoveContainerAsync(lost.Id, force: true, volumes: true, CancellationToken.None);

        var gone = await Assert.ThrowsAsync<CoordinatorException>(() => ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = file }));
        Assert.Equal(CoordinatorErrorKind.Conflict, gone.Kind);
        Assert.Matches(@"^the plan does not fit any more, nothing was changed:\n  replica web.2 \([0-9a-f]{8}\) on h2 is gone\nmake the plan again", gone.Message);

        await DeployAsync(Spec(2, NewImage));
        var later = await Assert.ThrowsAsync<CoordinatorException>(() => ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = file }));
        Assert.Contains("the stack is at revision 2, and was at revision 1", later.Message, StringComparison.Ordinal);

        var edited = await Assert.ThrowsAsync<CoordinatorException>(() => ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = file with { ForceRecreate = true } }));
        Assert.Equal(CoordinatorErrorKind.Invalid, edited.Kind);
    }

    [Fact]
    public async Task Plan_file_is_refused_when_other_stacks_have_taken_the_room()
    {
        var big = Spec(1);
        big = big with { Services = [big.Services[0] with { Container = big.Services[0].Container with { Resources = new ResourcesSpec { MemoryReservationBytes = 6L << 30 } } }] };
        var file = await Coordinator.PlanFileAsync(Deploy(big), CancellationToken.None);
        Assert.Equal("h1", file.Plan.Services[0].Slots[0].Host);
        await ChangeAsync(new ChangeRequest.Deploy { Stack = "other", Spec = big with { Name = "other" } });

        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = file }));

        Assert.Equal(CoordinatorErrorKind.Conflict, refused.Kind);
        Assert.Contains("service web would be changed in another way now", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_file_has_no_private_key_and_asks_for_the_files_again()
    {
        var certificate = new CertificateSpec("abc123", ["shop.example"], World.Start);
        var spec = Spec(1) with { Certificates = ImmutableSortedDictionary<string, CertificateSpec>.Empty.Add("abc123", certificate) };
        var request = Deploy(spec) with { Certificates = [new Orchestrator.Traffic.CertificateFile("abc123", "-----BEGIN PRIVATE KEY-----")] };
        var file = await Coordinator.PlanFileAsync(request, CancellationToken.None);
        Assert.DoesNotContain("PRIVATE", System.Text.Encoding.UTF8.GetString(file.ToBytes()), StringComparison.Ordinal);

        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = file }));
        Assert.Contains("the plan's certificate for shop.example is not known here", refused.Message, StringComparison.Ordinal);

        Assert.Equal(ChangeOutcome.Done, Outcome(await ChangeAsync(new ChangeRequest.Apply { Stack = World.Stack, File = file, Certificates = request.Certificates })));
    }

    [Fact]
    public async Task Difference_hides_what_may_be_secret_unless_it_is_asked_for()
    {
        StackSpec With(string password) => Spec(1) with { Services = [Spec(1).Services[0] with { Container = Spec(1).Services[0].Container with { Environment = ImmutableSortedDictionary<string, string?>.Empty.Add("PASSWORD", password) } }] };
        await DeployAsync(With("old-secret"));
        await DeployAsync(With("new-secret"));

        var hidden = await Coordinator.DiffAsync(new DiffQuery { Stack = World.Stack, From = 1, To = 2 }, CancellationToken.None);
        Assert.Equal(("revision 1", "revision 2"), (hidden.From, hidden.To));
        Assert.Equal(new KeyDiff("environment.PASSWORD", "changed", null, null), Assert.Single(Assert.Single(hidden.Parts).Keys));
        var shown = await Coordinator.DiffAsync(new DiffQuery { Stack = World.Stack, From = 1, Values = true }, CancellationToken.None);
        Assert.Equal(new KeyDiff("environment.PASSWORD", "changed", "old-secret", "new-secret"), Assert.Single(Assert.Single(shown.Parts).Keys));
        Assert.Empty((await Coordinator.DiffAsync(new DiffQuery { Stack = World.Stack, Spec = With("new-secret") }, CancellationToken.None)).Parts);
        var unknown = await Assert.ThrowsAsync<CoordinatorException>(() => Coordinator.DiffAsync(new DiffQuery { Stack = World.Stack, From = 7 }, CancellationToken.None));
        Assert.Equal((CoordinatorErrorKind.NotFound, "stack shop has no revision 7; it has 1, 2"), (unknown.Kind, unknown.Message));
    }

    private static StackSpec Spec(int replicas, string image = Image, FailureAction failure = FailureAction.Pause) => new()
    {
        Name = World.Stack,
        Services =
        [
            new ServiceSpec
            {
                Name = "web",
                Container = new ContainerSpec { Image = image },
                Deploy = new DeploySpec { Replicas = replicas, Update = new UpdateSpec { Parallelism = 0, Monitor = TimeSpan.Zero, FailureAction = failure } },
            },
        ],
    };

    private static ChangeRequest.Deploy Deploy(StackSpec spec) => new() { Stack = World.Stack, Spec = spec };

    private static ChangeOutcome Outcome(List<ChangeEvent> events) => ((ChangeEvent.Ended)events[^1]).Outcome;

    private async Task<List<ChangeEvent>> DeployAsync(StackSpec spec, ChangeOutcome outcome = ChangeOutcome.Done)
    {
        var events = await ChangeAsync(Deploy(spec));
        Assert.True(Outcome(events) == outcome, $"it ended with {events[^1]}");
        return events;
    }

    private async Task<List<ChangeEvent>> ChangeAsync(ChangeRequest request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        return await Coordinator.ChangeAsync(request, limit.Token).ToListAsync(limit.Token);
    }

    private async Task ConnectAsync(string name)
    {
        var (engine, host) = (_engines[name] = new FakeEngine(TimeProvider.System, _registry, $"fake://{name}"), _hosts[name] = new FakeHost());
        var options = new AgentOptions { HostName = name, HostProbe = host, Ingress = Orchestrator.Agent.IngressOptions.ForUser(Path.Combine(Path.GetTempPath(), "orchestrator-no-ingress"), null) };
        IEngine seen = engine;
        _agents[name] = _system.ActorOf(Props.Create(() => new AgentActor(options, seen, NullLoggerFactory.Instance)), $"agent-{name}");
        await LinkAsync(name);
    }

    private async Task LinkAsync(string name)
    {
        var session = await _host.Fleet.Ask<FleetMessage.SessionOpened>(new FleetMessage.AgentConnected(name, _agents[name]), TimeSpan.FromSeconds(10));
        _agents[name].Tell(new UplinkMessage.LinkUp(session.Uplink));
    }

    private async Task DisconnectAsync(string name, HostState until = HostState.Down)
    {
        _host.Fleet.Tell(new FleetMessage.AgentDisconnected(name, _agents[name], "test"));
        FleetSnapshot fleet;
        do
        {
            fleet = await _host.Fleet.Ask<FleetSnapshot>(new FleetMessage.PeekFleet(), TimeSpan.FromSeconds(10));
        }
        while (fleet.Hosts[name].State != until);
    }

    private sealed class FakeHost : IHostProbe
    {
        public HashSet<int> Ports { get; } = [];

        public HeldPort? PortHolder(string protocol, string? hostIp, int port) => Ports.Contains(port) ? new HeldPort("another program", IsKnown: true) : null;

        public Task<bool> ExistsAsync(string path, CancellationToken cancellation) => Task.FromResult(false);
    }
}
