using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Hosting;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Store;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Changes;

/// <summary>Maintenance from the question to the record, over a restart of the coordinator.</summary>
public sealed class MaintenanceTests : IAsyncLifetime
{
    private readonly MemoryStore _store = new();
    private ActorSystem _system = null!;
    private ICoordinator _coordinator = null!;

    public async Task InitializeAsync()
    {
        var revision = World.Revision(1, World.Service("db"), World.Service("web"));
        await new StackStore(_store).SaveAsync(new StackHead { Stack = World.Stack, Current = 1, LastRevision = 1 }, [revision], null, []);
        Start();
    }

    public async Task DisposeAsync() => await _system.Terminate();

    [Fact]
    public async Task Maintenance_is_kept_over_a_restart_until_it_is_ended()
    {
        var view = await SetAsync("web", on: true, TimeSpan.FromSeconds(30));

        Assert.Equal(new MaintenanceView(World.Stack, "web", On: true, TimeSpan.FromSeconds(30), 0), view);
        await _system.Terminate();
        Start();
        Assert.Equal(["web"], (await HeadAsync()).InMaintenance);
        await SetAsync("web", on: false);
        Assert.Empty((await HeadAsync()).InMaintenance);
        Assert.Empty((await HeadAsync()).MaintenanceHolds);
    }

    [Fact]
    public async Task Hold_given_with_on_goes_before_the_files_and_on_without_it_returns_to_the_files()
    {
        var file = new TrafficSpec { Maintenance = new MaintenanceSpec { Page = "soon", Hold = TimeSpan.FromSeconds(5) } };

        await SetAsync("web", on: true, TimeSpan.FromSeconds(30));
        Assert.Equal(new MaintenanceSpec { Page = "soon", Hold = TimeSpan.FromSeconds(30) }, (await HeadAsync()).Held("web", file).Maintenance);
        Assert.Same(file, (await HeadAsync()).Held("db", file));

        await SetAsync("web", on: true);
        Assert.Same(file, (await HeadAsync()).Held("web", file));
        Assert.Equal(["web"], (await HeadAsync()).InMaintenance);
    }

    [Fact]
    public async Task Stacks_show_their_services_in_maintenance()
    {
        Assert.Empty(Assert.Single(await _coordinator.StacksAsync(CancellationToken.None)).InMaintenance);

        await SetAsync("web", on: true);

        Assert.Equal("web", Assert.Single(Assert.Single(await _coordinator.StacksAsync(CancellationToken.None)).InMaintenance));
    }

    [Fact]
    public async Task Unknown_service_is_refused_with_those_that_are_there()
    {
        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => SetAsync("wep", on: true));

        Assert.Equal(CoordinatorErrorKind.NotFound, refused.Kind);
        Assert.Equal("stack shop has no service wep; it has db, web", refused.Message);
    }

    [Fact]
    public async Task Unknown_stack_is_refused_with_those_that_are_there()
    {
        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => _coordinator.SetMaintenanceAsync(new MaintenanceRequest("shob", "web", On: true), CancellationToken.None));

        Assert.Equal(CoordinatorErrorKind.NotFound, refused.Kind);
        Assert.Equal("there is no stack shob; known are shop", refused.Message);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 601)]
    [InlineData(false, 30)]
    public async Task Hold_out_of_range_is_refused(bool on, int seconds)
    {
        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => SetAsync("web", on, TimeSpan.FromSeconds(seconds)));

        Assert.Equal(CoordinatorErrorKind.Invalid, refused.Kind);
        Assert.Empty((await HeadAsync()).InMaintenance);
    }

    [Fact]
    public void Head_written_before_there_was_maintenance_is_read()
    {
        var head = JsonSerializer.Deserialize("""{"stack":"shop","current":1}""", StoreJson.Default.StackHead)!;

        Assert.Empty(head.InMaintenance);
        Assert.Empty(head.MaintenanceHolds);
    }

    [Fact]
    public void Views_written_before_there_was_maintenance_are_read()
    {
        var stacks = JsonSerializer.Deserialize("""[{"stack":"shop","revision":1,"state":"stable","services":1,"replicasServing":1,"replicasDesired":1}]""", ApiJson.Default.ImmutableArrayStackView);

        Assert.Empty(Assert.Single(stacks).InMaintenance);
    }

    private Task<MaintenanceView> SetAsync(string service, bool on, TimeSpan? hold = null) =>
        _coordinator.SetMaintenanceAsync(new MaintenanceRequest(World.Stack, service, on, hold), CancellationToken.None);

    private async Task<StackHead> HeadAsync() => (await new StackStore(_store).LoadAsync(World.Stack)).Head!;

    private void Start()
    {
        _system = ActorSystem.Create("maintenance");
        _coordinator = CoordinatorHost.Start(_system, _store, new FleetOptions(), new StackOptions(), new CoordinatorVersion("0.1.0", "fleet", ""), NullLoggerFactory.Instance).Coordinator;
    }
}
