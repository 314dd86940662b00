namespace Orchestrator.Engine.Tests;

public abstract partial class EngineContract
{
    [Fact]
    public async Task Engine_answers_pings_and_names_itself()
    {
        await Engine.PingAsync(Cancellation);
        var version = await Engine.VersionAsync(Cancellation);
        var info = await Engine.InfoAsync(Cancellation);

        Assert.True(Version.Parse(version.ApiVersion) >= new Version(1, 41), version.ApiVersion);
        Assert.NotEmpty(version.Version);
        Assert.Equal("linux", version.Os);
        Assert.NotEmpty(info.Id);
        Assert.NotEmpty(info.Name);
        Assert.True(info.Cpus > 0 && info.MemoryBytes > 0);
    }

    [Fact]
    public async Task Container_created_shows_what_was_asked()
    {
        var name = NewName();
        var id = await Engine.CreateContainerAsync(name, Spec(ContractImages.Service) with
        {
            Env = ["COLOUR=blue"],
            Hostname = "box",
            RestartPolicy = new RestartPolicy("on-failure", 4),
            MemoryBytes = 64 * 1024 * 1024,
            Healthcheck = new Healthcheck { Test = ["CMD", "true"], Interval = TimeSpan.FromMinutes(1), Retries = 5 },
        }, Cancellation);

        var found = await Engine.InspectContainerAsync(name, Cancellation);

        Assert.Equal(id, found.Id);
        Assert.Equal(name, found.Name);
        Assert.Equal(ContractImages.Service, found.Image);
        Assert.StartsWith("sha256:", found.ImageId, StringComparison.Ordinal);
        Assert.Equal(("created", false, 0, 0), (found.Status, found.Running, found.ExitCode, found.RestartCount));
        Assert.Null(found.StartedAt);
        Assert.Null(found.FinishedAt);
        Assert.Equal(new RestartPolicy("on-failure", 4), found.RestartPolicy);
        Assert.Equal(64 * 1024 * 1024, found.MemoryBytes);
        Assert.Contains("COLOUR=blue", found.Env);
        Assert.Equal(_run, found.Labels[RunLabel]);
        Assert.Equal(["CMD", "true"], found.Healthcheck!.Test);
        Assert.Equal((TimeSpan.FromMinutes(1), 5), (found.Healthcheck.Interval, found.Healthcheck.Retries));
    }

    [Fact]
    public async Task Create_with_a_name_taken_is_a_conflict()
    {
        var name = NewName();
        await Engine.CreateContainerAsync(name, Spec(ContractImages.Service), Cancellation);

        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.CreateContainerAsync(name, Spec(ContractImages.Service), Cancellation));
    }

    [Fact]
    public async Task Create_from_an_image_that_is_not_there_is_not_found() =>
        await RefusedAsync(EngineErrorKind.NotFound, () => CreateAsync("localhost/orchestrator-contract/absent:1"));

    [Fact]
    public async Task Start_runs_the_container_and_a_second_start_changes_nothing()
    {
        var id = await CreateAsync(ContractImages.Service);

        Assert.True(await Engine.StartContainerAsync(id, Cancellation));
        Assert.False(await Engine.StartContainerAsync(id, Cancellation));

        var found = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal(("running", true), (found.Status, found.Running));
        Assert.NotNull(found.StartedAt);
        Assert.Null(found.Healthcheck);
        Assert.Null(found.Health);
    }

    [Fact]
    public async Task Stop_ends_the_container_and_a_second_stop_changes_nothing()
    {
        var id = await RunAsync(ContractImages.Service);
        await LoggedAsync(id, "ready");

        Assert.True(await Engine.StopContainerAsync(id, Patience, Cancellation));
        Assert.False(await Engine.StopContainerAsync(id, null, Cancellation));

        var found = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal(("exited", false, 0), (found.Status, found.Running, found.ExitCode));
        Assert.NotNull(found.FinishedAt);
    }

    [Fact]
    public async Task Stop_kills_what_ignores_the_signal_when_the_grace_ends()
    {
        var id = await RunAsync(ContractImages.Stubborn);

        Assert.True(await Engine.StopContainerAsync(id, TimeSpan.FromSeconds(1), Cancellation));

        Assert.Equal(137, (await Engine.InspectContainerAsync(id, Cancellation)).ExitCode);
    }

    [Fact]
    public async Task Stop_lets_a_paused_container_end_by_itself()
    {
        var id = await RunAsync(ContractImages.Service);
        await LoggedAsync(id, "ready");
        await PauseAsync(id);
        Assert.Equal("paused", (await Engine.InspectContainerAsync(id, Cancellation)).Status);
        Assert.Equal("paused", Assert.Single(await Engine.ListContainersAsync(OfThisTest, all: false, Cancellation)).State);

        Assert.True(await Engine.StopContainerAsync(id, Patience, Cancellation));

        var found = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal(("exited", false, 0), (found.Status, found.Running, found.ExitCode));
    }

    [Fact]
    public async Task Start_of_a_command_that_is_not_in_the_image_is_fatal()
    {
        var id = await CreateAsync(ContractImages.BadCommand);

        var error = await RefusedAsync(EngineErrorKind.Fatal, () => Engine.StartContainerAsync(id, Cancellation));

        Assert.Contains("executable file", error.DaemonMessage, StringComparison.Ordinal);
        Assert.False((await Engine.InspectContainerAsync(id, Cancellation)).Running);
    }

    [Fact]
    public async Task Calls_on_a_container_that_is_not_there_are_not_found()
    {
        var absent = NewName();
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectContainerAsync(absent, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.StartContainerAsync(absent, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.StopContainerAsync(absent, TimeSpan.Zero, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.KillContainerAsync(absent, "SIGKILL", Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.RemoveContainerAsync(absent, force: true, volumes: true, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.WaitContainerAsync(absent, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.RenameContainerAsync(absent, NewName(), Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.UpdateRestartPolicyAsync(absent, RestartPolicy.No, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.ExecAsync(absent, new ExecRequest(["true"]), 100, Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => LogAsync(absent, new LogsRequest()));
    }

    [Fact]
    public async Task Remove_of_a_running_container_needs_force()
    {
        var id = await RunAsync(ContractImages.Service);

        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.RemoveContainerAsync(id, force: false, volumes: true, Cancellation));
        await Engine.RemoveContainerAsync(id, force: true, volumes: true, Cancellation);

        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectContainerAsync(id, Cancellation));
    }

    [Fact]
    public async Task Rename_moves_the_name_and_refuses_one_that_is_taken()
    {
        var (first, second, third) = (NewName(), NewName(), NewName());
        var id = await Engine.CreateContainerAsync(first, Spec(ContractImages.Service), Cancellation);
        await Engine.CreateContainerAsync(second, Spec(ContractImages.Service), Cancellation);

        await Engine.RenameContainerAsync(id, third, Cancellation);

        Assert.Equal(third, (await Engine.InspectContainerAsync(id, Cancellation)).Name);
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.InspectContainerAsync(first, Cancellation));
        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.RenameContainerAsync(id, second, Cancellation));
    }

    [Fact]
    public async Task Wait_gives_the_exit_code_also_after_the_end()
    {
        var id = await RunAsync(ContractImages.Job);

        Assert.Equal(3, await Engine.WaitContainerAsync(id, Cancellation));
        Assert.Equal(3, await Engine.WaitContainerAsync(id, Cancellation));
        Assert.Equal(3, (await Engine.InspectContainerAsync(id, Cancellation)).ExitCode);
    }

    [Fact]
    public async Task Kill_ends_a_running_container_and_conflicts_with_a_stopped_one()
    {
        var id = await RunAsync(ContractImages.Stubborn);

        await Engine.KillContainerAsync(id, "SIGKILL", Cancellation);
        Assert.Equal(137, await Engine.WaitContainerAsync(id, Cancellation));

        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.KillContainerAsync(id, "SIGKILL", Cancellation));
    }

    [Fact]
    public async Task List_filters_by_label_and_state()
    {
        var running = await RunAsync(ContractImages.Service);
        var created = await CreateAsync(ContractImages.Service);
        var ended = await RunAsync(ContractImages.Job);
        await Engine.WaitContainerAsync(ended, Cancellation);

        var live = await Engine.ListContainersAsync(OfThisTest, all: false, Cancellation);
        var all = await Engine.ListContainersAsync(OfThisTest, all: true, Cancellation);
        var exited = await Engine.ListContainersAsync(OfThisTest.With("status", "exited"), all: true, Cancellation);
        var none = await Engine.ListContainersAsync(EngineFilters.Label($"{RunLabel}={_run}", "another=label"), all: true, Cancellation);

        Assert.Equal([running], live.Select(container => container.Id));
        Assert.Equal(new HashSet<string> { running, created, ended }, all.Select(container => container.Id).ToHashSet());
        Assert.Equal([ended], exited.Select(container => container.Id));
        Assert.Equal("exited", exited[0].State);
        Assert.Equal(ContractImages.Job, exited[0].Image);
        Assert.Equal(_run, exited[0].Labels[RunLabel]);
        Assert.Empty(none);
    }

    [Fact]
    public async Task List_tells_which_containers_are_in_the_hosts_network()
    {
        var own = await CreateAsync(ContractImages.Service);
        var hosts = await Engine.CreateContainerAsync(NewName(), Spec(ContractImages.Service) with { NetworkMode = "host" }, Cancellation);

        var listed = await Engine.ListContainersAsync(OfThisTest, all: true, Cancellation);

        Assert.Equal([(own, false), (hosts, true)], listed.Select(container => (container.Id, container.UsesHostNetwork)).OrderBy(container => container.UsesHostNetwork));
    }

    [Fact]
    public async Task List_by_name_finds_whole_names_only()
    {
        var name = NewName();
        var id = await Engine.CreateContainerAsync(name, Spec(ContractImages.Service), Cancellation);
        await Engine.CreateContainerAsync(name + "-too", Spec(ContractImages.Service), Cancellation);

        var found = await Engine.ListContainersAsync(EngineFilters.None.With("name", name), all: true, Cancellation);

        Assert.Equal([(id, name)], found.Select(container => (container.Id, container.Name)));
    }

    [Fact]
    public async Task Restart_policy_is_updated_in_place()
    {
        var id = await RunAsync(ContractImages.Service, spec => spec with { RestartPolicy = new RestartPolicy("unless-stopped") });

        await Engine.UpdateRestartPolicyAsync(id, RestartPolicy.No, Cancellation);

        Assert.Equal(RestartPolicy.No, (await Engine.InspectContainerAsync(id, Cancellation)).RestartPolicy);
    }

    [Fact]
    public async Task Restarts_by_policy_are_counted_and_end_with_the_last()
    {
        await using var events = await WatchAsync();
        var id = await RunAsync(ContractImages.Job, spec => spec with { RestartPolicy = new RestartPolicy("on-failure", 2) });

        foreach (var _ in Enumerable.Range(0, 3)) Assert.Equal("3", (await events.UntilAsync("die")).Attributes["exitCode"]);
        await Engine.WaitContainerAsync(id, Cancellation);

        var found = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal(("exited", 2, 3), (found.Status, found.RestartCount, found.ExitCode));
    }

    [Fact]
    public async Task Stop_by_hand_is_not_undone_by_the_restart_policy()
    {
        await using var events = await WatchAsync();
        var id = await RunAsync(ContractImages.Service, spec => spec with { RestartPolicy = new RestartPolicy("always") });

        await Engine.StopContainerAsync(id, TimeSpan.FromSeconds(1), Cancellation);

        var found = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal(("exited", 0), (found.Status, found.RestartCount));
    }

    [Fact]
    public async Task Stats_of_a_running_container_count_its_memory()
    {
        var id = await RunAsync(ContractImages.Service);

        var stats = await Engine.StatsAsync(id, Cancellation);

        Assert.True(stats is { MemoryBytes: > 0, Cpus: > 0 }, stats.ToString());
    }

    [Fact]
    public async Task Port_published_is_shown_and_is_a_conflict_for_the_next()
    {
        var first = await RunAsync(ContractImages.Service, spec => spec with { PortBindings = [new PortBinding(80, "tcp", "127.0.0.1", null)] });
        var bound = Assert.Single((await Engine.InspectContainerAsync(first, Cancellation)).Ports, port => port.HostPort is not null);
        Assert.Equal((80, "tcp", "127.0.0.1"), (bound.ContainerPort, bound.Protocol, bound.HostIp));

        var second = await CreateAsync(ContractImages.Service, spec => spec with { PortBindings = [bound] });

        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.StartContainerAsync(second, Cancellation));
        Assert.False((await Engine.InspectContainerAsync(second, Cancellation)).Running);
    }
}
