using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Templates.Language;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Tests.Traffic.Etcd;

/// <summary>The sink against a real etcd.</summary>
public sealed class EtcdSinkTests : TestKit, IAsyncLifetime
{
    private const string Web = "/orchestrator/stacks/shop/services/web";
    private const string Version = "/orchestrator/stacks/shop/version";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private EtcdProcess _etcd = null!;

    public async Task InitializeAsync() => _etcd = await EtcdProcess.StartNewAsync();

    async Task IAsyncLifetime.DisposeAsync() => await _etcd.DisposeAsync();

    [Fact]
    public async Task Keys_follow_the_table_and_hang_on_one_lease()
    {
        var sink = Start();
        Apply(sink, 1, "a", "b");
        var keys = await _etcd.KeysAsync();
        Assert.Equal(("10.0.0.1:80", "1", "10.0.0.1"), (keys[$"{Web}/upstreams/80/a@h1"].Value, keys[Version].Value, keys[$"{Web}/addresses/b@h1"].Value));
        Assert.NotEqual(0, Assert.Single(keys.Values.Select(v => v.Lease).Distinct()));

        Apply(sink, 2, "b", "c");
        keys = await _etcd.KeysAsync();
        Assert.Equal(("b@h1 c@h1", "2"), (Upstreams(keys), keys[Version].Value));

        sink.Tell(new EtcdSinkMessage.Apply(3, new TrafficTable { Stack = "shop", Version = 3, IsRemoved = true }), TestActor);
        FishForMessage<EtcdSinkMessage.Applied>(m => m.Version == 3, Patience);
        Assert.Empty(await _etcd.KeysAsync());
    }

    [Fact]
    public async Task Keys_without_a_lease_stay_and_those_of_forgotten_stacks_are_taken_away()
    {
        var options = _etcd.Options with { Lease = TimeSpan.Zero, Prefix = "/other" };
        Apply(Start(options), 1, "a");
        var keys = await _etcd.KeysAsync();
        Assert.All(keys, pair => Assert.StartsWith("/other/stacks/shop/", pair.Key, StringComparison.Ordinal));
        Assert.Equal(0, Assert.Single(keys.Values.Select(v => v.Lease).Distinct()));

        var next = Start(options);
        next.Tell(new EtcdSinkMessage.Only(["bank"]));
        next.Tell(new EtcdSinkMessage.Apply(1, Table(1, "a") with { Stack = "bank" }), TestActor);
        FishForMessage<EtcdSinkMessage.Applied>(m => m.Stack == "bank", Patience);
        Assert.All((await _etcd.KeysAsync()).Keys, key => Assert.StartsWith("/other/stacks/bank/", key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_lost_with_their_lease_are_written_again_under_another()
    {
        var sink = Start(_etcd.Options with { Lease = TimeSpan.FromSeconds(6) });
        Apply(sink, 1, "a");
        var lost = (await _etcd.KeysAsync())[Version].Lease;
        await _etcd.RevokeAsync(lost);
        Assert.Empty(await _etcd.KeysAsync());

        FishForMessage<EtcdSinkMessage.Applied>(_ => true, Patience);
        var keys = await _etcd.KeysAsync();
        Assert.Equal("a@h1", Upstreams(keys));
        Assert.NotEqual(lost, keys[Version].Lease);
    }

    [Fact]
    public async Task Keys_vanish_after_a_coordinator_that_is_gone()
    {
        var sink = Start(_etcd.Options with { Lease = TimeSpan.FromSeconds(2) });
        await using var watcher = await Watcher.StartAsync(_etcd.Address);
        var template = Template.Parse("all.tmpl", """{{range gets "/stacks/shop/*"}}{{.Key}} {{else}}nothing{{end}}""");
        Apply(sink, 1, "a");
        Assert.Equal("/stacks/shop/version ", await watcher.NextAsync(template));
        Watch(sink);
        Sys.Stop(sink);
        ExpectTerminated(sink, Patience);

        // Not at once: a coordinator that comes back in time finds its keys.
        Assert.NotEmpty(await _etcd.KeysAsync());
        Assert.Equal("nothing", await watcher.NextAsync(template));
        Assert.Empty(await _etcd.KeysAsync());
    }

    [Fact]
    public async Task Etcd_that_is_away_is_waited_for_and_found_as_it_was()
    {
        var sink = Start();
        Apply(sink, 1, "a");
        await _etcd.EndAsync();
        sink.Tell(new EtcdSinkMessage.Apply(2, Table(2, "b")), TestActor);
        var hindered = FishForMessage<EtcdSinkMessage.Hindered>(m => m.Version == 2, Patience);
        Assert.Equal(("shop", "etcd", false), (hindered.Stack, hindered.Problem.Sink, hindered.Problem.IsFinal));
        Assert.Contains("no etcd answers", hindered.Problem.Message, StringComparison.Ordinal);

        await _etcd.StartAsync();
        FishForMessage<EtcdSinkMessage.Applied>(m => m.Version == 2, Patience);
        Assert.Equal("b@h1", Upstreams(await _etcd.KeysAsync()));
    }

    [Fact]
    public async Task Another_endpoint_is_taken_when_one_does_not_answer()
    {
        var sink = Start(_etcd.Options with { Endpoints = [EtcdProcess.Nowhere(), _etcd.Address] });
        Apply(sink, 1, "a");

        Assert.Equal("a@h1", Upstreams(await _etcd.KeysAsync()));
    }

    [Fact]
    public async Task User_and_password_are_used_and_a_wrong_one_is_said_without_it()
    {
        await _etcd.PostAsync("auth/user/add", """{"name":"root","password":"right"}""");
        await _etcd.PostAsync("auth/role/add", """{"name":"root"}""");
        await _etcd.PostAsync("auth/user/grant", """{"user":"root","role":"root"}""");
        await _etcd.PostAsync("auth/enable", "{}");

        Apply(Start(_etcd.Options with { Login = new EtcdLogin("root", "right") }), 1, "a");

        Start(_etcd.Options with { Login = new EtcdLogin("root", "mistaken") }).Tell(new EtcdSinkMessage.Apply(2, Table(2, "a")), TestActor);
        var problem = FishForMessage<EtcdSinkMessage.Hindered>(_ => true, Patience).Problem.Message;
        Assert.Contains("refuses the login", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("mistaken", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_of_more_keys_than_a_transaction_takes_is_written_whole()
    {
        var names = Enumerable.Range(0, 300).Select(i => $"r{i:D3}").ToArray();
        var sink = Start();
        Apply(sink, 1, names);
        Apply(sink, 2, names[150..]);

        var keys = await _etcd.KeysAsync();
        Assert.Equal((150, "2"), (Upstreams(keys).Split(' ').Length, keys[Version].Value));
    }

    [Fact]
    public async Task Watcher_that_renders_a_template_at_each_version_follows_a_switch()
    {
        var sink = Start();
        var template = Template.Parse("upstream.tmpl", """{{range gets "/stacks/shop/services/web/upstreams/80/*"}}{{base .Key}} {{end}}""");
        await using var watcher = await Watcher.StartAsync(_etcd.Address);
        var rendered = new List<string>();
        Apply(sink, 1, "old");
        rendered.Add(await watcher.NextAsync(template));
        Apply(sink, 2, "old", "new");
        rendered.Add(await watcher.NextAsync(template));
        Apply(sink, 3, "new");
        rendered.Add(await watcher.NextAsync(template));

        Assert.Equal("old@h1 |new@h1 old@h1 |new@h1 ", string.Join('|', rendered));
    }

    [Fact]
    public void Version_is_the_last_change_and_deletes_come_before_it()
    {
        var before = EtcdChanges.Between(ImmutableSortedDictionary<string, EtcdValue>.Empty, "/p", Table(1, "a"), 7);
        var present = before.Cast<EtcdChange.Put>().ToImmutableSortedDictionary(put => put.Key, put => new EtcdValue(put.Value, put.Lease), StringComparer.Ordinal);

        Assert.Empty(EtcdChanges.Between(present, "/p", Table(1, "a"), 7));
        var changes = EtcdChanges.Between(present, "/p", Table(2, "b"), 7);
        Assert.Equal(new EtcdChange.Put("/p/stacks/shop/version", "2", 7), changes[^1]);
        Assert.Equal([false, false, true, true, false], changes.Select(change => change is EtcdChange.Delete));
        Assert.Equal(present.Count, EtcdChanges.Between(present, "/p", Table(1, "a"), 8).Length);
    }

    private IActorRef Start(EtcdSinkOptions? options = null) => Sys.ActorOf(EtcdSinkActor.PropsFor(options ?? _etcd.Options, TimeProvider.System, NullLoggerFactory.Instance));

    private void Apply(IActorRef sink, long version, params string[] names)
    {
        sink.Tell(new EtcdSinkMessage.Apply(version, Table(version, names)), TestActor);
        FishForMessage<EtcdSinkMessage.Applied>(m => m.Version == version, Patience);
    }

    private static string Upstreams(ImmutableSortedDictionary<string, EtcdValue> keys) =>
        string.Join(' ', keys.Keys.Where(key => key.StartsWith($"{Web}/upstreams/80/", StringComparison.Ordinal)).Select(key => key[(key.LastIndexOf('/') + 1)..]));

    private static TrafficTable Table(long version, params string[] names) => new()
    {
        Stack = "shop",
        Version = version,
        Services =
        [
            new ServiceTraffic
            {
                Service = "web",
                Spec = new TrafficSpec { Ports = [new IngressPortSpec { Published = 8080, Target = 80 }] },
                Endpoints = [.. names.Select(name => new Endpoint
                {
                    Id = $"{name}@h1",
                    Replica = new ReplicaKey("shop", "web", 1, "aaaabbbbcccc"),
                    Host = "h1",
                    Address = "10.0.0.1",
                    Ports = ImmutableSortedDictionary<int, int>.Empty.Add(8080, 80),
                })],
            },
        ],
    };

    /// <summary>What confd does in watch mode, with the stack's version for the sign of a consistent state.</summary>
    private sealed class Watcher(HttpClient http, HttpResponseMessage response, StreamReader lines) : IAsyncDisposable
    {
        private ImmutableSortedDictionary<string, string> _keys = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

        public static async Task<Watcher> StartAsync(Uri etcd)
        {
            var http = new HttpClient();
            var request = new HttpRequestMessage(HttpMethod.Post, new Uri(etcd, "/v3/watch"))
            {
                Content = new StringContent($$$"""{"create_request":{"key":"{{{Base64("/orchestrator/")}}}","range_end":"{{{Base64("/orchestrator0")}}}"}}"""),
            };
            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var lines = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync());
            Assert.Contains("\"created\":true", await lines.ReadLineAsync(), StringComparison.Ordinal);
            return new Watcher(http, response, lines);
        }

        public async Task<string> NextAsync(Template template)
        {
            using var bound = new CancellationTokenSource(Patience);
            var isConsistent = false;
            while (!isConsistent)
            {
                using var document = JsonDocument.Parse((await lines.ReadLineAsync(bound.Token))!);
                foreach (var change in document.RootElement.GetProperty("result").GetProperty("events").EnumerateArray())
                {
                    var pair = change.GetProperty("kv");
                    var key = Text(pair.GetProperty("key"))["/orchestrator".Length..];
                    var isDelete = change.TryGetProperty("type", out var type) && type.GetString() == "DELETE";
                    _keys = isDelete ? _keys.Remove(key) : _keys.SetItem(key, pair.TryGetProperty("value", out var value) ? Text(value) : "");
                    isConsistent |= key == TrafficKeys.Version("shop");
                }
            }

            return template.Render(new RenderContext(new KeyStore(_keys), DateTimeOffset.UnixEpoch, _ => null));
        }

        public ValueTask DisposeAsync()
        {
            lines.Dispose();
            response.Dispose();
            http.Dispose();
            return ValueTask.CompletedTask;
        }

        private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

        private static string Text(JsonElement value) => Encoding.UTF8.GetString(value.GetBytesFromBase64());
    }
}
