using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.TestKit;
using Orchestrator.Agent.Traffic;
using Xunit.Abstractions;
using static Orchestrator.Agent.Tests.Templates.TemplateFolder;
using Endpoint = Orchestrator.Traffic.Endpoint;

namespace Orchestrator.Agent.Tests.Templates;

/// <summary>A real nginx in front of small servers: replicas come and go under load, and no request fails.</summary>
public sealed class NginxTests(ITestOutputHelper output) : TestKit(output: output)
{
    private const int Switches = 20;
    private const int Clients = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Replicas_are_switched_under_load_without_a_failed_request()
    {
        using var folder = new TemplateFolder();
        var port = FreePort();
        var configuration = Path.Combine(folder.Out, "nginx.conf");
        folder.With("nginx.conf", Template(folder.Out, port), $"""
            check_cmd = 'nginx -t -q -p {folder.Out} -c {"{{.src}}"}'
            reload_cmd = 'if test -s {folder.Out}/nginx.pid; then nginx -p {folder.Out} -c {configuration} -s reload; else nginx -p {folder.Out} -c {configuration}; fi'
            """);
        var sink = Sys.ActorOf(folder.Sink());
        var current = await Replica.StartAsync(0);

        // A connection for each request: at every reload nginx closes the idle ones that clients keep, with a request perhaps on its way.
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(10) };
        using var stop = new CancellationTokenSource();
        try
        {
            Show(sink, 1, current.Serving());
            Assert.Equal("0", await client.GetStringAsync(new Uri("/", UriKind.Relative)));
            var load = Enumerable.Range(0, Clients).Select(_ => Task.Run(() => LoadAsync(client, stop.Token))).ToArray();
            for (var i = 1; i <= Switches; i++)
            {
                var next = await Replica.StartAsync(i);
                Show(sink, (i * 2) + 0, current.Serving(), next.Serving());
                Show(sink, (i * 2) + 1, current.Draining(), next.Serving());
                FishForMessage<SinkMessage.Drained>(m => m.Endpoints.Contains(current.Id), Patience);
                await current.DisposeAsync();
                current = next;
            }

            await stop.CancelAsync();
            var counts = await Task.WhenAll(load);
            var (requests, failures) = (counts.Sum(c => c.Requests), counts.SelectMany(c => c.Failures).ToArray());
            Output!.WriteLine($"{Switches} switches, {requests} requests, {failures.Length} failed");
            Assert.True(failures.Length == 0, $"{failures.Length} of {requests} requests failed: {string.Join("; ", failures.Take(5))}");
            Assert.True(requests > 20 * Switches, $"only {requests} requests: no load");
            Assert.Equal($"{Switches}", await client.GetStringAsync(new Uri("/", UriKind.Relative)));

            // A configuration that nginx refuses changes nothing.
            var before = await File.ReadAllTextAsync(configuration);
            await File.WriteAllTextAsync(folder.In("templates/nginx.conf.tmpl"), Template(folder.Out, port).Replace("proxy_pass", "proxy_pasta", StringComparison.Ordinal));
            sink.Tell(Apply(1000, current.Serving()), TestActor);
            var problem = FishForMessage<SinkMessage.Hindered>(m => m.Number == 1000, Patience).Problem;
            Assert.Contains("unknown directive \"proxy_pasta\"", problem.Message, StringComparison.Ordinal);
            Assert.Equal(before, await File.ReadAllTextAsync(configuration));
            Assert.Equal($"{Switches}", await client.GetStringAsync(new Uri("/", UriKind.Relative)));
        }
        finally
        {
            await stop.CancelAsync();
            await current.DisposeAsync();
            await EndAsync(Path.Combine(folder.Out, "nginx.pid"));
        }
    }

    private static async Task<(int Requests, List<string> Failures)> LoadAsync(HttpClient client, CancellationToken stop)
    {
        var (requests, failures) = (0, new List<string>());
        while (!stop.IsCancellationRequested)
        {
            requests++;
            try
            {
                using var response = await client.GetAsync(new Uri("/", UriKind.Relative), CancellationToken.None);
                if (response.StatusCode != HttpStatusCode.OK) failures.Add($"{response.StatusCode}");
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                failures.Add(e.Message);
            }
        }

        return (requests, failures);
    }

    private void Show(IActorRef sink, long number, params Endpoint[] endpoints)
    {
        sink.Tell(Apply(number, endpoints), TestActor);
        FishForMessage<SinkMessage.Applied>(m => m.Number == number, Patience);
    }

    private static string Template(string folder, int port) => $$$"""
        pid {{{folder}}}/nginx.pid;
        error_log {{{folder}}}/error.log;
        worker_processes 1;
        events { worker_connections 256; }
        http {
          access_log off;
          client_body_temp_path {{{folder}}}/body; proxy_temp_path {{{folder}}}/proxy; fastcgi_temp_path {{{folder}}}/fastcgi; uwsgi_temp_path {{{folder}}}/uwsgi; scgi_temp_path {{{folder}}}/scgi;
          upstream web {
        {{- range gets "/stacks/shop/services/web/upstreams/80/*"}}
            server {{.Value}}; # {{base .Key}}
        {{- else}}
            server 127.0.0.1:1 down;
        {{- end}}
          }
          server { listen 127.0.0.1:{{{port}}}; location / { proxy_pass http://web; } }
        }
        """;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task EndAsync(string pidFile)
    {
        if (!File.Exists(pidFile) || !int.TryParse(await File.ReadAllTextAsync(pidFile), out var pid)) return;
        using var nginx = Process.GetProcessById(pid);
        using var quit = Process.Start("/bin/sh", ["-c", $"kill -TERM {pid}"]);
        await nginx.WaitForExitAsync();
    }

    /// <summary>Answers each request with its number, after a moment, so that requests are under way whenever it drains.</summary>
    private sealed class Replica(WebApplication app, int number) : IAsyncDisposable
    {
        public string Id => Serving().Id;

        public static async Task<Replica> StartAsync(int number)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            app.Run(async context =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
                await context.Response.WriteAsync($"{number}");
            });
            await app.StartAsync();
            return new Replica(app, number);
        }

        public Endpoint Serving() => TemplateFolder.Serving($"r{number}", Port);

        public Endpoint Draining() => TemplateFolder.Draining($"r{number}", Port);

        private int Port => new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

        public async ValueTask DisposeAsync() => await app.DisposeAsync();
    }
}
