namespace Orchestrator.Engine.Tests;

public abstract partial class EngineContract
{
    /// <summary>Nothing listens there.</summary>
    private const string DeadRegistry = "127.0.0.1:1/absent:1";

    [Fact]
    public async Task Pull_from_a_registry_that_does_not_answer_is_temporary()
    {
        RegistryIsDead();
        await RefusedAsync(EngineErrorKind.Temporary, () => Engine.PullImageAsync(DeadRegistry, null, null, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectImageAsync(DeadRegistry, Cancellation));
    }

    [Fact]
    public async Task Pull_of_what_is_no_reference_is_fatal() =>
        await RefusedAsync(EngineErrorKind.Fatal, () => Engine.PullImageAsync("No Such:Thing", null, null, Cancellation));

    [Fact]
    public async Task Image_loaded_is_inspected_listed_and_removed()
    {
        Assert.Equal([ContractImages.Loaded], await Engine.LoadImageAsync(ContractImages.LoadedArchive(), Cancellation));

        var found = await Engine.InspectImageAsync(ContractImages.Loaded, Cancellation);
        var byId = await Engine.InspectImageAsync(found.Id, Cancellation);
        var listed = await Engine.ListImagesAsync(EngineFilters.None.With("reference", ContractImages.Loaded), Cancellation);

        Assert.Equal([ContractImages.Loaded], found.Tags);
        Assert.Equal("linux", found.Os);
        Assert.Null(found.Healthcheck);
        Assert.Equal(found.Id, byId.Id);
        Assert.Equal([found.Id], listed.Select(image => image.Id));

        await Engine.RemoveImageAsync(ContractImages.Loaded, force: false, Cancellation);
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectImageAsync(ContractImages.Loaded, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.RemoveImageAsync(ContractImages.Loaded, force: false, Cancellation));
    }

    [Fact]
    public async Task Image_shows_its_healthcheck_and_ports()
    {
        var image = await Engine.InspectImageAsync(ContractImages.Checked, Cancellation);

        Assert.Equal(["CMD-SHELL", "test -e /tmp/healthy"], image.Healthcheck!.Test);
        Assert.Equal((ContractImages.ProbeInterval, ContractImages.ProbeRetries), (image.Healthcheck.Interval, image.Healthcheck.Retries));
        Assert.Equal(["80/tcp"], image.ExposedPorts);
    }

    [Fact]
    public async Task Image_in_use_is_a_conflict()
    {
        await RunAsync(ContractImages.Stubborn);

        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.RemoveImageAsync(ContractImages.Stubborn, force: false, Cancellation));
    }

    [Fact]
    public async Task Network_is_created_once_found_by_its_whole_name_and_removed()
    {
        var name = NewName("net");
        var spec = new CreateNetwork { Name = name, Labels = OwnLabels, Subnet = "10.213.7.0/24", Gateway = "10.213.7.1" };
        var id = await Engine.CreateNetworkAsync(spec, Cancellation);
        await Engine.CreateNetworkAsync(new CreateNetwork { Name = name + "-too", Labels = OwnLabels }, Cancellation);

        var found = await Engine.InspectNetworkAsync(name, Cancellation);
        Assert.Equal((id, name, "bridge"), (found.Id, found.Name, found.Driver));
        Assert.Equal(("10.213.7.0/24", "10.213.7.1"), (found.Subnet, found.Gateway));
        Assert.Equal(_run, found.Labels[RunLabel]);
        Assert.Equal([id], (await Engine.ListNetworksAsync(EngineFilters.None.With("name", name), Cancellation)).Select(network => network.Id));
        Assert.Equal(2, (await Engine.ListNetworksAsync(OfThisTest, Cancellation)).Count);
        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.CreateNetworkAsync(new CreateNetwork { Name = name }, Cancellation));

        await Engine.RemoveNetworkAsync(name, Cancellation);
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectNetworkAsync(name, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.RemoveNetworkAsync(name, Cancellation));
    }

    [Fact]
    public async Task Container_on_two_networks_has_an_address_on_each_while_it_runs()
    {
        var (first, second) = (await NetworkAsync(), await NetworkAsync());
        var id = await CreateAsync(ContractImages.Service, spec => spec with
        {
            Networks = [new(first, new EndpointSettings { Aliases = ["web"] }), new(second, new EndpointSettings())],
        });

        var before = await Engine.InspectContainerAsync(id, Cancellation);
        await Engine.StartContainerAsync(id, Cancellation);
        var running = await Engine.InspectContainerAsync(id, Cancellation);
        var members = (await Engine.InspectNetworkAsync(second, Cancellation)).Containers;
        await Engine.StopContainerAsync(id, TimeSpan.FromSeconds(1), Cancellation);
        var after = await Engine.InspectContainerAsync(id, Cancellation);

        Assert.Equal(first, running.NetworkMode);
        Assert.Equal(new HashSet<string> { first, second }, before.Addresses.Keys.ToHashSet());
        Assert.All(before.Addresses.Values, Assert.Empty);
        Assert.All(running.Addresses.Values, address => Assert.True(System.Net.IPAddress.TryParse(address, out _), address));
        Assert.Equal([id], members);
        Assert.All(after.Addresses.Values, Assert.Empty);
    }

    [Fact]
    public async Task Container_keeps_the_address_it_was_made_with_and_no_other_gets_it_meanwhile()
    {
        var name = NewName("net");
        await Engine.CreateNetworkAsync(new CreateNetwork { Name = name, Labels = OwnLabels, Subnet = "10.213.8.0/24", IpRange = "10.213.8.128/25", Gateway = "10.213.8.129" }, Cancellation);
        List<NetworkEndpoint> chosen = [new(name, new EndpointSettings { Ipv4Address = "10.213.8.200" })];
        var id = await RunAsync(ContractImages.Service, spec => spec with { Networks = chosen });
        var other = await RunAsync(ContractImages.Service, spec => spec with { Networks = [new(name, new EndpointSettings())] });

        var network = await Engine.InspectNetworkAsync(name, Cancellation);
        Assert.Equal(("10.213.8.0/24", "10.213.8.128/25", "10.213.8.129"), (network.Subnet, network.IpRange, network.Gateway));
        Assert.Equal("10.213.8.200", network.Addresses[id]);
        Assert.True(System.Net.IPNetwork.Parse("10.213.8.128/25").Contains(System.Net.IPAddress.Parse(network.Addresses[other])), network.Addresses[other]);
        var taken = await RefusedAsync(EngineErrorKind.Conflict, () => RunAsync(ContractImages.Service, spec => spec with { Networks = chosen }));
        Assert.Contains("Address already in use", taken.DaemonMessage, StringComparison.Ordinal);

        await Engine.StopContainerAsync(id, TimeSpan.FromSeconds(1), Cancellation);
        var listed = await Engine.ListContainersAsync(OfThisTest, all: true, Cancellation);
        Assert.Equal("10.213.8.200", listed.Single(container => container.Id == id).Addresses[name]);
        await Engine.StartContainerAsync(id, Cancellation);
        Assert.Equal("10.213.8.200", (await Engine.InspectContainerAsync(id, Cancellation)).Addresses[name]);
    }

    [Fact]
    public async Task Address_of_ones_choice_needs_a_subnet_of_ones_choice()
    {
        var name = await NetworkAsync();

        var error = await Assert.ThrowsAsync<EngineException>(() => RunAsync(ContractImages.Service, spec => spec with { Networks = [new(name, new EndpointSettings { Ipv4Address = "10.213.9.9" })] }));

        Assert.Contains("user configured subnets", error.DaemonMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_is_connected_to_a_network_while_it_runs()
    {
        var (first, second) = (await NetworkAsync(), await NetworkAsync());
        var id = await RunAsync(ContractImages.Service, spec => spec with { Networks = [new(first, new EndpointSettings())] });

        await Engine.ConnectNetworkAsync(second, id, new EndpointSettings { Aliases = ["late"] }, Cancellation);

        Assert.NotEmpty((await Engine.InspectContainerAsync(id, Cancellation)).Addresses[second]);
        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.RemoveNetworkAsync(second, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.ConnectNetworkAsync(NewName("absent"), id, new EndpointSettings(), Cancellation));
    }

    /// <remarks>Docker looks for its networks at the start, Podman at the creation.</remarks>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Container_on_a_network_that_is_not_there_does_not_start(int position)
    {
        List<NetworkEndpoint> networks = [new(await NetworkAsync(), new EndpointSettings())];
        networks.Insert(position, new NetworkEndpoint(NewName("absent"), new EndpointSettings()));

        await RefusedAsync(EngineErrorKind.NotFound, () => RunAsync(ContractImages.Service, spec => spec with { Networks = networks }));

        Assert.Empty(await Engine.ListContainersAsync(OfThisTest, all: false, Cancellation));
    }

    [Fact]
    public async Task Volume_is_created_found_and_removed_once_nothing_uses_it()
    {
        var name = NewName("vol");
        var created = await Engine.CreateVolumeAsync(new CreateVolume { Name = name, Labels = OwnLabels }, Cancellation);
        var again = await Engine.CreateVolumeAsync(new CreateVolume { Name = name, Labels = OwnLabels }, Cancellation);
        var user = await CreateAsync(ContractImages.Service, spec => spec with { Mounts = [new Mount { Type = "volume", Source = name, Target = "/data" }] });

        Assert.Equal((name, "local"), (created.Name, created.Driver));
        Assert.Equal(created.Mountpoint, again.Mountpoint);
        Assert.Equal(_run, (await Engine.InspectVolumeAsync(name, Cancellation)).Labels[RunLabel]);
        Assert.Equal([name], (await Engine.ListVolumesAsync(OfThisTest, Cancellation)).Select(volume => volume.Name));
        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.RemoveVolumeAsync(name, force: false, Cancellation));

        await Engine.RemoveContainerAsync(user, force: true, volumes: true, Cancellation);
        await Engine.RemoveVolumeAsync(name, force: false, Cancellation);
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectVolumeAsync(name, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.RemoveVolumeAsync(name, force: false, Cancellation));
    }

    /// <summary>The fake has to be told.</summary>
    protected abstract void RegistryIsDead();
}
