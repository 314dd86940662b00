using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using Orchestrator.Api;
using Orchestrator.Api.Http;
using Orchestrator.Security;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Links;

public sealed class ApiTests
{
    private static readonly ChangeRequest Scale = new ChangeRequest.Scale { Stack = "shop", Replicas = ImmutableSortedDictionary<string, int>.Empty.Add("web", 3) };
    private static readonly ChangeEvent.Accepted Accepted = new("shop", "c1", 4);
    private static readonly ChangeEvent.Ended Done = new(ChangeOutcome.Done, 4, "done");

    [Fact]
    public async Task Change_streams_each_event_as_it_happens()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fleet.Coordinator.OnChange = (_, _) => InStepAsync(seen.Task);
        using var client = fleet.Client();

        var events = new List<ChangeEvent>();
        await foreach (var e in client.ChangeAsync(Scale, CancellationToken.None))
        {
            events.Add(e);

            // The coordinator goes on only once its first event has come through.
            if (e is ChangeEvent.Accepted) seen.SetResult();
        }

        Assert.Equal([Accepted, Done], events);
        var request = Assert.IsType<ChangeRequest.Scale>(Assert.Single(fleet.Coordinator.Changes));
        Assert.Equal(3, request.Replicas["web"]);
    }

    [Fact]
    public async Task Request_that_no_coordinator_takes_is_refused_in_words_before_it_is_sent()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client();
        var service = new ServiceSpec { Name = "web", Container = new ContainerSpec { Image = "app:v1", Environment = ImmutableSortedDictionary<string, string?>.Empty.Add("KEY", new string('x', 17 * 1024 * 1024)) } };
        var request = new ChangeRequest.Deploy { Stack = "shop", Spec = new StackSpec { Name = "shop", Services = [service] } };

        foreach (var send in new Func<Task>[] { () => client.PlanAsync(request, CancellationToken.None), async () => await client.ChangeAsync(request, CancellationToken.None).FirstAsync() })
        {
            var refused = await Assert.ThrowsAsync<CoordinatorException>(send);
            Assert.Equal(CoordinatorErrorKind.Invalid, refused.Kind);
            Assert.StartsWith("the request has 17 MiB, and a coordinator takes 16 MiB at most; nothing was sent", refused.Message, StringComparison.Ordinal);
        }

        Assert.Empty(fleet.Coordinator.Changes);
    }

    [Fact]
    public async Task Who_asks_is_who_the_certificate_says_not_who_the_client_says()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        fleet.Coordinator.OnChange = (_, _) => FakeCoordinator.Events(Done);
        using var client = fleet.Client();

        await foreach (var _ in client.ChangeAsync(Scale with { By = "somebody else" }, CancellationToken.None))
        {
        }

        Assert.Equal("operator", Assert.Single(fleet.Coordinator.Changes).By);
    }

    [Fact]
    public async Task Events_and_explanations_come_through()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var happened = new StackEvent { Kind = StackEventKind.ChangeBegan, Stack = "shop", Number = 3, By = "alice", Message = "deploy by alice" };
        fleet.Coordinator.Happened.Add(happened);
        fleet.Coordinator.Happened.Add(happened with { Stack = "other" });
        using var client = fleet.Client();

        var events = new List<StackEvent>();
        await foreach (var e in client.EventsAsync(new EventsQuery { Stack = "shop" }, CancellationToken.None))
        {
            events.Add(e);
        }

        Assert.Equal([happened], events);
        Assert.Equal("web", Assert.Single((await client.ExplainAsync("shop", "web", CancellationToken.None)).Reasons));
        Assert.Equal("all", Assert.Single((await client.ExplainAsync("shop", null, CancellationToken.None)).Reasons));
    }

    [Fact]
    public async Task Maintenance_reaches_the_coordinator_and_its_answer_comes_back()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client();
        var request = new MaintenanceRequest("shop", "web", On: true, TimeSpan.FromSeconds(30));

        var view = await client.SetMaintenanceAsync(request, CancellationToken.None);

        Assert.Equal(request with { By = "operator" }, Assert.Single(fleet.Coordinator.Maintenances));
        Assert.Equal(new MaintenanceView("shop", "web", On: true, TimeSpan.FromSeconds(30), 7), view);
    }

    [Fact]
    public async Task Maintenance_of_an_unknown_service_is_told_apart_from_other_refusals()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        fleet.Coordinator.Fault = new CoordinatorException(CoordinatorErrorKind.NotFound, "stack shop has no service wep; it has web");
        using var client = fleet.Client();

        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => client.SetMaintenanceAsync(new MaintenanceRequest("shop", "wep", On: true), CancellationToken.None));

        Assert.Equal(CoordinatorErrorKind.NotFound, refused.Kind);
        Assert.Equal("stack shop has no service wep; it has web", refused.Message);
    }

    [Fact]
    public async Task Plan_file_and_difference_come_over_the_wire_unharmed()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client();
        var spec = new StackSpec
        {
            Name = "shop",
            Services = [new ServiceSpec { Name = "web", Container = new ContainerSpec { Image = "web:v1", Environment = ImmutableSortedDictionary<string, string?>.Empty.Add("b", "1").Add("A_B", "2").Add("AB", null) } }],
        };

        var file = await client.PlanFileAsync(new ChangeRequest.Deploy { Stack = "shop", Spec = spec }, CancellationToken.None);

        Assert.Null(file.Fault());
        Assert.Equal(SpecJson.Write(spec), SpecJson.Write(file.Spec));
        var diff = await client.DiffAsync(new DiffQuery { Stack = "shop", From = 1, To = 2 }, CancellationToken.None);
        Assert.Equal(("revision 2", new KeyDiff("image", "changed", "a:1", "a:2")), (diff.To, Assert.Single(Assert.Single(diff.Parts).Keys)));
    }

    [Fact]
    public async Task Silent_change_sends_empty_lines_as_signs_of_life()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Times = new ApiTimes { KeepAlive = TimeSpan.FromMilliseconds(5) } });
        fleet.Coordinator.OnChange = (_, cancellation) => ThenForEverAsync(Accepted, cancellation);
        using var credential = fleet.Credential("op", CertificateRole.Operator);
        using var client = new HttpClient(CoordinatorTransport.Create(credential.Authority, credential.Certificate, TimeProvider.System));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(fleet.Address, "/v1/changes")) { Content = JsonContent.Create(Scale, ApiJson.Default.ChangeRequest) };

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        var read = new List<string?>();
        for (var i = 0; i < 4; i++) read.Add(await lines.ReadLineAsync());

        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("\"accepted\"", read[0], StringComparison.Ordinal);
        Assert.Equal(["", "", ""], read[1..]);
    }

    [Fact]
    public async Task Stream_that_falls_silent_is_taken_as_lost_and_followed_again()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Times = new ApiTimes { KeepAlive = TimeSpan.FromHours(1) } });
        fleet.Coordinator.OnChange = (request, cancellation) => request is ChangeRequest.Watch
            ? FakeCoordinator.Events(Accepted, Done)
            : ThenForEverAsync(Accepted, cancellation);
        using var client = fleet.Client(times: Impatient);

        var events = await client.ChangeAsync(Scale, CancellationToken.None).ToListAsync();

        Assert.Equal(Accepted, events[0]);
        Assert.Contains("connection to the coordinator lost", Assert.IsType<ChangeEvent.Warning>(events[1]).Message, StringComparison.Ordinal);
        Assert.Equal(Done, events[^1]);
        Assert.Single(events.OfType<ChangeEvent.Accepted>());
    }

    [Fact]
    public async Task Change_outlives_a_restart_of_the_coordinator()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        fleet.Coordinator.OnChange = (request, cancellation) => request is ChangeRequest.Watch
            ? FakeCoordinator.Events(Accepted, Done)
            : ThenForEverAsync(Accepted, cancellation);
        using var client = fleet.Client(times: new ApiTimes { ReconnectPause = TimeSpan.FromMilliseconds(10) });

        await using var events = client.ChangeAsync(Scale, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        await fleet.RestartAsync();
        ChangeEvent last;
        do
        {
            Assert.True(await events.MoveNextAsync());
            last = events.Current;
        }
        while (last is ChangeEvent.Warning or ChangeEvent.Waiting);

        Assert.Equal(Done, last);
    }

    [Theory]
    [InlineData("current", ChangeOutcome.Done)]
    [InlineData("failed", ChangeOutcome.Failed)]
    [InlineData("superseded", ChangeOutcome.Superseded)]
    [InlineData("paused", ChangeOutcome.Paused)]
    public async Task Change_that_ended_unseen_is_told_from_the_history(string state, ChangeOutcome expected)
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Times = new ApiTimes { KeepAlive = TimeSpan.FromHours(1) } });
        fleet.Coordinator.OnChange = (request, cancellation) => request is ChangeRequest.Watch
            ? FakeCoordinator.Events(new ChangeEvent.Accepted("shop", "another", 5))
            : ThenForEverAsync(Accepted, cancellation);
        fleet.Coordinator.OnHistory = _ => [new RevisionView(4, default, state, ImmutableSortedDictionary<string, RevisionServiceView>.Empty, null)];
        using var client = fleet.Client(times: Impatient);

        var events = await client.ChangeAsync(Scale, CancellationToken.None).ToListAsync();

        Assert.Equal(expected, Assert.IsType<ChangeEvent.Ended>(events[^1]).Outcome);
    }

    [Fact]
    public async Task Connection_lost_before_the_change_was_accepted_is_an_error_not_a_guess()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Times = new ApiTimes { KeepAlive = TimeSpan.FromHours(1) } });
        fleet.Coordinator.OnChange = (_, cancellation) => ThenForEverAsync(new ChangeEvent.Warning("thinking"), cancellation);
        using var client = fleet.Client(times: Impatient);

        var lost = await Assert.ThrowsAsync<CoordinatorException>(async () => await client.ChangeAsync(Scale, CancellationToken.None).ToListAsync());

        Assert.Equal(CoordinatorErrorKind.Unreachable, lost.Kind);
        Assert.DoesNotContain(fleet.Coordinator.Changes, c => c is ChangeRequest.Watch);
    }

    [Fact]
    public async Task Coordinator_that_does_not_come_back_is_given_up_after_the_stated_time()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        fleet.Coordinator.OnChange = (_, cancellation) => ThenForEverAsync(Accepted, cancellation);
        using var client = fleet.Client(times: new ApiTimes { ReconnectPause = TimeSpan.FromMilliseconds(10), Reconnect = TimeSpan.FromMilliseconds(100) });
        await using var events = client.ChangeAsync(Scale, CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        await fleet.StopAsync();

        var lost = await Assert.ThrowsAsync<CoordinatorException>(async () =>
        {
            while (await events.MoveNextAsync()) Assert.True(events.Current is ChangeEvent.Warning or ChangeEvent.Waiting);
        });

        Assert.Equal(CoordinatorErrorKind.Unreachable, lost.Kind);
        Assert.Contains("orchestrator watch shop", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_that_leaves_ends_the_following_on_the_coordinator()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fleet.Coordinator.OnChange = (_, cancellation) =>
        {
            cancellation.Register(() => ended.TrySetResult());
            return ThenForEverAsync(Accepted, cancellation);
        };
        using var client = fleet.Client();
        await using (var events = client.ChangeAsync(Scale, CancellationToken.None).GetAsyncEnumerator())
        {
            Assert.True(await events.MoveNextAsync());
        }

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData(CoordinatorErrorKind.Invalid)]
    [InlineData(CoordinatorErrorKind.NotFound)]
    [InlineData(CoordinatorErrorKind.Unreachable)]
    [InlineData(CoordinatorErrorKind.Denied)]
    [InlineData(CoordinatorErrorKind.Conflict)]
    [InlineData(CoordinatorErrorKind.Internal)]
    public async Task Refusal_keeps_its_kind_and_its_words_in_answers_and_in_streams(CoordinatorErrorKind kind)
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var refusal = new CoordinatorException(kind, "what, where \"why\", and what to do next");
        fleet.Coordinator.Fault = refusal;
        fleet.Coordinator.OnChange = (_, _) => ThenThrowAsync(refusal);
        fleet.Coordinator.OnLogs = (_, _) => ThenThrowLogsAsync(refusal);
        using var client = fleet.Client();

        var single = await Assert.ThrowsAsync<CoordinatorException>(() => client.VersionAsync(CancellationToken.None));
        var before = await Assert.ThrowsAsync<CoordinatorException>(async () => await client.ChangeAsync(Scale, CancellationToken.None).ToListAsync());
        var lines = new List<LogView>();
        var within = await Assert.ThrowsAsync<CoordinatorException>(async () =>
        {
            await foreach (var line in client.LogsAsync(new LogsQuery { Stack = "shop" }, CancellationToken.None)) lines.Add(line);
        });

        Assert.Single(lines);
        Assert.All([single, before, within], e => Assert.Equal((refusal.Kind, refusal.Message), (e.Kind, e.Message)));
    }

    [Fact]
    public async Task Fault_of_the_coordinator_is_internal_and_its_details_stay_in_its_log()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        fleet.Coordinator.Fault = new InvalidOperationException("inner secret detail");
        using var client = fleet.Client();

        var fault = await Assert.ThrowsAsync<CoordinatorException>(() => client.VersionAsync(CancellationToken.None));

        Assert.Equal(CoordinatorErrorKind.Internal, fault.Kind);
        Assert.DoesNotContain("inner secret detail", fault.Message, StringComparison.Ordinal);
        Assert.Contains("inner secret detail", fleet.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_is_unreachable_and_names_every_address()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client(servers: [fleet.Address, new Uri($"https://localhost:{fleet.Port}")]);
        await fleet.StopAsync();

        var refused = await Assert.ThrowsAsync<CoordinatorException>(() => client.VersionAsync(CancellationToken.None));

        Assert.Equal(CoordinatorErrorKind.Unreachable, refused.Kind);
        Assert.Contains("127.0.0.1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("localhost", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_that_answers_is_found_behind_ones_that_do_not()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        await using var gone = await CoordinatorFixture.StartAsync();
        var dead = gone.Address;
        await gone.StopAsync();
        using var client = fleet.Client(servers: [dead, fleet.Address]);

        Assert.Equal(7, (await client.PlanAsync(Scale, CancellationToken.None)).TargetRevision);
        Assert.Equal(fleet.Address, client.Server);
    }

    [Fact]
    public async Task Follower_sends_a_request_with_its_body_on_to_the_leader()
    {
        // One server in both parts: under the one name it follows, under the other it leads.
        var leadership = Leadership.Alone;
        var asked = 0;
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Leadership = () => asked++ == 0 ? leadership : Leadership.Alone });
        leadership = new Leadership(false, new Uri($"https://localhost:{fleet.Port}"));
        using var client = fleet.Client();

        var plan = await client.PlanAsync(Scale, CancellationToken.None);

        Assert.Equal("shop", plan.Stack);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Follower_without_a_leader_is_unreachable_with_the_reason()
    {
        await using var fleet = await CoordinatorFixture.StartAsync(change: o => o with { Leadership = () => new Leadership(false, null) });
        using var client = fleet.Client();

        var none = await Assert.ThrowsAsync<CoordinatorException>(() => client.VersionAsync(CancellationToken.None));

        Assert.Equal(CoordinatorErrorKind.Unreachable, none.Kind);
        Assert.Contains("knows no leader yet", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_are_listed_without_secrets_and_revoked()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client();
        await client.CreateTokenAsync("viewer", TimeSpan.FromMinutes(5), uses: 3, CancellationToken.None);

        var token = Assert.Single(await client.TokensAsync(CancellationToken.None));
        Assert.Equal(("viewer", 3), (token.Role, token.UsesLeft));
        await client.RevokeTokenAsync(token.Id, CancellationToken.None);

        Assert.Empty(await client.TokensAsync(CancellationToken.None));
        var unknown = await Assert.ThrowsAsync<CoordinatorException>(() => client.RevokeTokenAsync(token.Id, CancellationToken.None));
        Assert.Equal(CoordinatorErrorKind.NotFound, unknown.Kind);
    }

    [Fact]
    public async Task Context_joins_saves_opens_and_is_chosen()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var store = new ContextStore(fleet.NewFolder("config"));
        Assert.Null(store.Current());

        var token = fleet.Trust.CreateToken("operator", TimeSpan.FromHours(1)).Reveal();
        var context = await store.JoinAsync("lab", fleet.Address, token, "alice", TimeProvider.System, CancellationToken.None);
        store.Use("lab");

        Assert.Equal("lab", store.Current()!.Name);
        Assert.Equal(context.Servers.AsEnumerable(), Assert.Single(store.List()).Servers.AsEnumerable());
        using var client = await CoordinatorHttpClient.OpenAsync(store.Current()!, TimeProvider.System, CancellationToken.None);
        Assert.Equal("1.2.3", (await client.VersionAsync(CancellationToken.None)).Version);
        Assert.Equal("other", new ContextStore(store.Root, "other").CurrentName);
        Assert.Throws<CoordinatorException>(() => store.Get("../lab"));
        store.Remove("lab");
        Assert.Null(store.Current());
    }

    private static ApiTimes Impatient => new() { Silence = TimeSpan.FromMilliseconds(300), ReconnectPause = TimeSpan.FromMilliseconds(10) };

    private static async IAsyncEnumerable<ChangeEvent> InStepAsync(Task gate)
    {
        yield return Accepted;
        await gate;
        yield return Done;
    }

    private static async IAsyncEnumerable<ChangeEvent> ThenForEverAsync(ChangeEvent first, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return first;
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
    }

    private static async IAsyncEnumerable<ChangeEvent> ThenThrowAsync(Exception exception)
    {
        await Task.Yield();
        throw exception;
#pragma warning disable CS0162 // What makes it an iterator.
        yield break;
#pragma warning restore CS0162
    }

    private static async IAsyncEnumerable<LogView> ThenThrowLogsAsync(Exception exception)
    {
        yield return new LogView("web", "web.1", "h1", false, "line");
        await Task.Yield();
        throw exception;
    }
}
