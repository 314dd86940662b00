using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

public sealed class TrafficTests(TestFleet fleet) : TrafficScenario(fleet)
{
    [Theory]
    [InlineData("start-first")]
    [InlineData("stop-first")]
    public async Task Rolling_update_fails_no_request(string order)
    {
        await using var load = await StartLoadAsync();

        await DeployTrafficAsync("v2", order);
        await UntilOnlyAsync("v2");
        var updated = load.Peek().Versions["v1"];
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));

        var report = await load.StopAsync();
        AssertNoneFailed(report);
        Assert.True(report.Versions["v2"] > 0, "no request was answered by the new version");
        Assert.Equal(updated, report.Versions["v1"]);
    }

    [Fact]
    public async Task Agent_killed_and_started_again_fails_no_request_and_the_next_update_none_either()
    {
        await using var load = await StartLoadAsync();

        await Fleet.KillAgentAsync(Fleet["h1"]);
        await LoadedForAsync(load, TimeSpan.FromSeconds(3));
        await Fleet.StartAgentAsync(Fleet["h1"]);
        await DeployTrafficAsync("v2");
        await UntilOnlyAsync("v2");

        AssertNoneFailed(await load.StopAsync());
    }

    [Fact]
    public async Task Coordinator_killed_in_the_middle_of_an_update_fails_no_request()
    {
        await using var load = await StartLoadAsync();

        using var update = StartDeploy("v2");
        await SaidAsync(update, "passed");
        await Fleet.KillCoordinatorAsync();
        await LoadedForAsync(load, TimeSpan.FromSeconds(2));
        await Fleet.StartCoordinatorAsync();
        (await update.EndAsync()).Expect();
        await UntilOnlyAsync("v2");

        AssertNoneFailed(await load.StopAsync());
    }

    [Fact]
    public async Task Ingress_replaced_by_another_image_fails_no_request()
    {
        var next = await NextIngressAsync();
        await using var load = await StartLoadAsync();
        try
        {
            foreach (var host in Fleet.Hosts)
            {
                await Fleet.KillAgentAsync(host);
                await Fleet.StartAgentAsync(host, next);
                await UntilAsync($"the ingress of {host.Name} runs from {next}", async () =>
                {
                    var images = (await host.DockerAsync("ps", "--format", "{{.Image}}")).Expect();
                    return images.Split('\n').Contains(next) ? null : images;
                });
            }
            await LoadedForAsync(load, TimeSpan.FromSeconds(12));

            AssertNoneFailed(await load.StopAsync());
        }
        finally
        {
            foreach (var host in Fleet.Hosts)
            {
                await Fleet.KillAgentAsync(host);
                await Fleet.StartAgentAsync(host);
            }
        }
    }

    [Fact]
    public async Task Replica_killed_fails_only_what_was_in_flight_on_it()
    {
        await using var load = await StartLoadAsync();
        var victim = (await Replica.AllAsync(Fleet, Traffic)).First(r => r.Host == "h3");

        var killedAt = load.Peek().Seconds;
        (await Fleet["h3"].DockerAsync("kill", victim.ContainerId)).Expect();
        await LoadedForAsync(load, TimeSpan.FromSeconds(12));
        var report = await load.StopAsync();

        // A connection that had no answer yet cannot say which replica it was on, and a kept one only who answered it last; the moment tells.
        Assert.All(load.Failures, f => Assert.True(
            (f.Replica.Length == 0 || f.Reason == "stale-connection" || victim.ContainerId.StartsWith(f.Replica, StringComparison.Ordinal)) && f.Seconds - killedAt < 2,
            $"killed {victim.ContainerId} at {killedAt} s, and this failed: {f}"));
        // Six streams and six WebSockets over six replicas: what was on this one, and the few requests under way.
        Assert.InRange(report.Total.Failures, 0, 20);
    }

    [Fact]
    public async Task Host_cut_off_costs_new_connections_nothing_after_five_seconds()
    {
        await using var load = await StartLoadAsync();

        var cutAt = load.Peek().Seconds;
        await Fleet.CutAsync(Fleet["h3"]);
        await LoadedForAsync(load, TimeSpan.FromSeconds(15));
        var report = await load.StopAsync();

        // A request that gets no answer is given up after five seconds, and noted then.
        var late = load.Failures.Where(f => f.Kind is "new-connection" or "keep-alive" && f.Seconds - cutAt > (f.Reason == "timeout" ? 10 : 5)).ToArray();
        Assert.True(late.Length == 0, $"cut off at {cutAt} s; {late.Length} requests that began more than 5 s later failed:\n{string.Join('\n', late.Take(20))}");
        Assert.True(report.Total.LongestGapMs < 5000, $"for {report.Total.LongestGapMs} ms not one request was answered");
    }

    /// <summary>The fleet's ingress image under another name and with another content.</summary>
    private async Task<string> NextIngressAsync()
    {
        const string current = $"{TestFleet.Registry}/orchestrator-ingress:local";
        const string next = $"{TestFleet.Registry}/orchestrator-ingress:next";
        var host = Fleet["h1"];
        var folder = Directory.CreateTempSubdirectory("orchestrator-scenario");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Dockerfile"), $"FROM {current}\nLABEL orchestrator.upgrade=\"{TimeProvider.System.GetUtcNow():O}\"\n");
            (await host.DockerAsync("pull", "--quiet", current)).Expect();
            (await Command.RunAsync("docker", ["--host", host.Engine, "build", "--quiet", "--tag", next, folder.FullName], new Dictionary<string, string> { ["DOCKER_BUILDKIT"] = "0" })).Expect();
            (await host.DockerAsync("push", "--quiet", next)).Expect();
            return next;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
