using Microsoft.AspNetCore.Http;

namespace Orchestrator.Engine.Tests;

public sealed class EngineClientTests
{
    private static readonly EngineTimeouts Short = new() { Read = TimeSpan.FromMilliseconds(200), Change = TimeSpan.FromMilliseconds(200), Idle = TimeSpan.FromMilliseconds(200) };

    [Theory]
    [InlineData("1.41", "/v1.41/")]
    [InlineData("1.47", "/v1.47/")]
    [InlineData("1.99", "/v1.51/")]
    public async Task Version_spoken_is_the_lower_of_both_and_asked_for_once(string theirs, string spoken)
    {
        await using var engine = await ScriptedEngine.StartAsync(theirs, (context, _) => context.Response.WriteAsync("[]"));
        using var client = new EngineClient(engine.Address);

        await client.ListImagesAsync(EngineFilters.None, default);
        await client.ListImagesAsync(EngineFilters.None, default);

        Assert.Equal(["HEAD /_ping", $"GET {spoken}images/json", $"GET {spoken}images/json"], engine.Requests);
    }

    [Fact]
    public async Task Engine_that_is_too_old_is_named_with_what_is_needed()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.40", (_, _) => Task.CompletedTask);
        using var client = new EngineClient(engine.Address);

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PingAsync(default));

        Assert.Equal((EngineErrorKind.Fatal, false), (error.Kind, error.IsUnreachable));
        Assert.Contains("speaks API 1.40, and 1.41 (Docker 20.10) is the oldest", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_is_no_engine_is_said_to_be_none()
    {
        await using var engine = await ScriptedEngine.StartAsync(apiVersion: null, (_, _) => Task.CompletedTask);
        using var client = new EngineClient(engine.Address);

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PingAsync(default));

        Assert.Equal(EngineErrorKind.Fatal, error.Kind);
        Assert.Contains("not a Docker engine", error.Message, StringComparison.Ordinal);
        Assert.Equal(["HEAD /_ping", "GET /_ping"], engine.Requests);
    }

    [Fact]
    public async Task Socket_that_is_not_there_says_where_and_what_to_do()
    {
        using var client = new EngineClient(EngineAddress.Parse("unix:///nowhere/docker.sock"));

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PingAsync(default));

        Assert.Equal((EngineErrorKind.Temporary, 0, true), (error.Kind, error.Status, error.IsUnreachable));
        Assert.Equal("cannot reach the Docker engine at unix:///nowhere/docker.sock: no such socket; is Docker installed and running? set DOCKER_HOST if it listens elsewhere", error.Message);
    }

    [Fact]
    public async Task Port_that_refuses_says_so()
    {
        using var client = new EngineClient(EngineAddress.Parse("tcp://127.0.0.1:1"));

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PingAsync(default));

        Assert.Equal("cannot reach the Docker engine at tcp://127.0.0.1:1: connection refused; is it running? set DOCKER_HOST if it listens elsewhere", error.Message);
    }

    [Fact]
    public async Task Call_without_an_answer_ends_at_its_bound()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        using var client = new EngineClient(engine.Address, Short);

        var error = await Assert.ThrowsAsync<EngineException>(() => client.InspectContainerAsync("web", default));

        Assert.Equal((EngineErrorKind.Temporary, true), (error.Kind, error.IsUnreachable));
        Assert.Contains("no answer within 0.2 s to GET /containers/web/json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_by_the_caller_stays_cancellation()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        using var client = new EngineClient(engine.Address);
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.WaitContainerAsync("web", cancel.Token));
    }

    [Fact]
    public async Task Refusal_carries_status_method_path_and_the_daemon_s_words()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (context, _) =>
        {
            context.Response.StatusCode = 409;
            return context.Response.WriteAsync("""{"message":"removal of container web is already in progress"}""");
        });
        using var client = new EngineClient(engine.Address);

        var error = await Assert.ThrowsAsync<EngineException>(() => client.RemoveContainerAsync("web", force: true, volumes: false, default));

        Assert.Equal((EngineErrorKind.Conflict, 409, "DELETE", "/containers/web?force=true"), (error.Kind, error.Status, error.Method, error.Path));
        Assert.Equal("removal of container web is already in progress (DELETE /containers/web?force=true: 409)", error.Message);
    }

    [Fact]
    public async Task Pull_that_fails_in_its_stream_is_an_error_and_progress_came_before()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (context, _) => context.Response.WriteAsync(
            """
            {"status":"Downloading","id":"abc","progressDetail":{"current":5,"total":10}}
            {"errorDetail":{"message":"manifest for web:1 not found: manifest unknown"},"error":"manifest unknown"}
            """));
        using var client = new EngineClient(engine.Address);
        var progress = new Recorder<PullProgress>();

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PullImageAsync("web:1", null, progress, default));

        Assert.Equal((EngineErrorKind.Fatal, 200), (error.Kind, error.Status));
        Assert.Equal([new PullProgress("abc", "Downloading", 5, 10)], progress.Values);
    }

    [Theory]
    [InlineData("web", "fromImage=web&tag=latest")]
    [InlineData("ghcr.io/org/web:2", "fromImage=ghcr.io%2Forg%2Fweb&tag=2")]
    [InlineData("web:2@sha256:0123456789012345678901234567890123456789012345678901234567890123", "fromImage=web&tag=sha256%3A0123456789012345678901234567890123456789012345678901234567890123")]
    public async Task Pull_names_one_tag_or_digest_always(string reference, string query)
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (_, _) => Task.CompletedTask);
        using var client = new EngineClient(engine.Address);

        await client.PullImageAsync(reference, null, null, default);

        Assert.Equal("POST /v1.41/images/create?" + query, engine.Requests[^1]);
    }

    [Fact]
    public async Task Pull_that_falls_silent_is_given_up()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", async (context, _) =>
        {
            await context.Response.WriteAsync("{\"status\":\"Pulling\"}\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var client = new EngineClient(engine.Address, Short);

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PullImageAsync("web:1", null, null, default));

        Assert.Contains("nothing came for 0.2 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_that_end_are_an_engine_out_of_reach()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (context, _) => context.Response.WriteAsync(context.Request.Path.Value!.EndsWith("/info", StringComparison.Ordinal)
            ? """{"ID":"x","SystemTime":"2026-01-02T03:04:05.123456789Z"}"""
            : """{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"3"}},"timeNano":1767323045123456789}""" + "\n"));
        using var client = new EngineClient(engine.Address);
        List<EngineEvent> seen = [];

        var error = await Assert.ThrowsAsync<EngineException>(async () =>
        {
            await foreach (var happened in client.EventsAsync(EngineFilters.Label("a=b"), default)) seen.Add(happened);
        });

        Assert.True(error.IsUnreachable);
        Assert.Equal("""GET /v1.41/events?since=1767323045.123456700&filters={"label":["a=b"]}""", Uri.UnescapeDataString(engine.Requests[^1]));
        Assert.True(seen[0].IsStreamOpen);
        Assert.Equal(("die", "abc", "3"), (seen[1].Action, seen[1].Id, seen[1].Attributes["exitCode"]));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 123, TimeSpan.Zero).AddTicks(4567), seen[1].At);
    }

    [Theory]
    [InlineData("1.43", 1)]
    [InlineData("1.44", 2)]
    public async Task Create_gives_newer_engines_every_endpoint_at_once(string version, int atCreate)
    {
        await using var engine = await ScriptedEngine.StartAsync(version, (context, _) => context.Response.WriteAsync("""{"Id":"abc"}"""));
        using var client = new EngineClient(engine.Address);
        var spec = new CreateContainer
        {
            Image = "web",
            Networks = [new("one", new EndpointSettings()), new("two", new EndpointSettings { Aliases = ["b"] })],
            Healthcheck = new Healthcheck { Test = ["CMD", "true"], StartInterval = TimeSpan.FromSeconds(1) },
        };

        await client.CreateContainerAsync("c", spec, default);

        var create = System.Text.Json.Nodes.JsonNode.Parse(engine.Requests[1].Split(' ', 3)[2])!;
        Assert.Equal(atCreate, create["NetworkingConfig"]!["EndpointsConfig"]!.AsObject().Count);
        Assert.Equal(atCreate == 2, create["Healthcheck"]!.AsObject().ContainsKey("StartInterval"));
        Assert.Equal("one", (string?)create["HostConfig"]!["NetworkMode"]);
        Assert.Equal(atCreate == 2 ? [] : [$$$"""POST /v{{{version}}}/networks/two/connect {"Container":"abc","EndpointConfig":{"Aliases":["b"]}}"""], engine.Requests.Skip(2));
    }

    [Fact]
    public async Task Create_whose_second_network_refuses_leaves_no_container()
    {
        await using var engine = await ScriptedEngine.StartAsync("1.41", (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/connect", StringComparison.Ordinal)) return context.Response.WriteAsync("""{"Id":"abc"}""");
            context.Response.StatusCode = 404;
            return context.Response.WriteAsync("""{"message":"network two not found"}""");
        });
        using var client = new EngineClient(engine.Address);
        var spec = new CreateContainer { Image = "web", Networks = [new("one", new EndpointSettings()), new("two", new EndpointSettings())] };

        var error = await Assert.ThrowsAsync<EngineException>(() => client.CreateContainerAsync("c", spec, default));

        Assert.Equal(EngineErrorKind.NotFound, error.Kind);
        Assert.Equal("DELETE /v1.41/containers/abc?force=true&v=true", engine.Requests[^1]);
    }

    [Theory]
    [InlineData("1.43", true)]
    [InlineData("1.44", false)]
    public async Task Network_create_asks_older_engines_to_check_for_duplicates(string version, bool asks)
    {
        await using var engine = await ScriptedEngine.StartAsync(version, (context, _) => context.Response.WriteAsync("""{"Id":"abc"}"""));
        using var client = new EngineClient(engine.Address);

        await client.CreateNetworkAsync(new CreateNetwork { Name = "n" }, default);

        Assert.Equal(asks, engine.Requests[^1].Contains("\"CheckDuplicate\":true", StringComparison.Ordinal));
    }

    private sealed class Recorder<T> : IProgress<T>
    {
        public List<T> Values { get; } = [];

        public void Report(T value) => Values.Add(value);
    }
}
