using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

/// <summary>The transport against real servers on loopback.</summary>
public sealed class HttpProbeTransportTests
{
    private static readonly ProbeOptions _options = new() { Urls = [ProbeBench.Url] };

    [Fact]
    public async Task Answer_has_its_status_and_who_gave_it()
    {
        await using var server = await ServeAsync(async context =>
        {
            context.Response.StatusCode = 418;
            context.Response.Headers["X-Served-By"] = "web.2@h3";
            await context.Response.WriteAsync("short and stout");
        });
        using var transport = new HttpProbeTransport(_options);

        Assert.Equal(new ProbeAnswer(418, null, "web.2@h3"), await transport.GetAsync(Address(server), newConnection: false, CancellationToken.None));
    }

    [Fact]
    public async Task Redirect_is_an_answer_and_not_followed()
    {
        var paths = new List<string>();
        await using var server = await ServeAsync(context =>
        {
            paths.Add(context.Request.Path);
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        });
        using var transport = new HttpProbeTransport(_options);

        Assert.Equal(302, (await transport.GetAsync(Address(server), newConnection: true, CancellationToken.None)).Status);
        Assert.Equal(["/"], paths);
    }

    [Fact]
    public async Task New_connections_are_new_and_kept_alive_ones_are_kept()
    {
        var connections = new List<string>();
        await using var server = await ServeAsync(context =>
        {
            connections.Add(context.Connection.Id);
            return context.Response.WriteAsync("hello");
        });
        using var transport = new HttpProbeTransport(_options);

        foreach (var isNew in new[] { false, true, false, true, false })
            await transport.GetAsync(Address(server), isNew, CancellationToken.None);

        Assert.Equal(5, connections.Count);
        Assert.Equal([connections[0], connections[0]], [connections[2], connections[4]]);
        Assert.Equal(3, connections.Distinct().Count());
    }

    [Fact]
    public async Task Refused_connection_is_told()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        using var transport = new HttpProbeTransport(_options);

        Assert.Equal(new ProbeAnswer(null, "connection refused"), await transport.GetAsync(new Uri($"http://127.0.0.1:{port}/"), newConnection: true, CancellationToken.None));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", "the connection was closed before the answer was complete")]
    [InlineData("", "the connection was closed before the answer was complete")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP")]
    public async Task Answer_that_is_cut_off_or_none_is_a_failure(string bytes, string reason)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var serving = AnswerAsync(listener, bytes, limit.Token);
        using var transport = new HttpProbeTransport(_options);

        var answer = await transport.GetAsync(new Uri($"http://{listener.LocalEndpoint}/"), newConnection: true, limit.Token);
        await limit.CancelAsync();
        var connections = await serving;

        Assert.Equal((new ProbeAnswer(null, reason), 1), (answer, connections));
    }

    [Fact]
    public async Task Endless_answer_is_read_only_so_far()
    {
        await using var server = await ServeAsync(async context =>
        {
            var chunk = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(chunk);
        });
        using var transport = new HttpProbeTransport(_options);

        Assert.Equal(200, (await transport.GetAsync(Address(server), newConnection: true, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30))).Status);
    }

    [Fact]
    public async Task Cancelled_request_throws_cancellation()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ServeAsync(context =>
        {
            reached.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        using var transport = new HttpProbeTransport(_options);
        using var cancel = new CancellationTokenSource();

        var asking = transport.GetAsync(Address(server), newConnection: false, cancel.Token);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Certificate_nobody_vouches_for_is_accepted_only_when_asked_to(bool insecure)
    {
        using var certificate = SelfSigned();
        await using var server = await ServeAsync(context => context.Response.WriteAsync("hello"), certificate);
        using var transport = new HttpProbeTransport(_options with { Insecure = insecure });

        var answer = await transport.GetAsync(Address(server), newConnection: true, CancellationToken.None);

        Assert.Equal(insecure ? 200 : null, answer.Status);
        Assert.Equal(!insecure, answer.Error?.StartsWith("the TLS handshake failed: ", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public async Task Probe_of_a_server_that_goes_and_comes_back_shows_the_gap()
    {
        var options = new ProbeOptions { Urls = [ProbeBench.Url], Rate = 100 };
        var server = await ServeAsync(context => context.Response.WriteAsync("hello"));
        options = options with { Urls = [Address(server)] };
        var clock = new ProbeClock(TimeProvider.System);
        var recorder = new ProbeRecorder(options, clock, forgives: false, maxFailures: 0);
        using var transport = new HttpProbeTransport(options);
        using var stop = new CancellationTokenSource();

        var probing = new Prober(options, transport, clock, recorder).RunAsync(stop.Token, CancellationToken.None);
        await recorder.EachHeard.WaitAsync(TimeSpan.FromSeconds(30));
        await server.DisposeAsync();
        await recorder.LimitPassed.WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await probing.WaitAsync(TimeSpan.FromSeconds(30));
        var report = recorder.Report(clock.Now, []);

        Assert.False(report.Held);
        Assert.InRange(report.Failed, 1, report.Requests - 1);
        Assert.NotNull(report.LongestGap.From);
    }

    private static Uri Address(WebApplication server) =>
        new(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/");

    private static async Task<WebApplication> ServeAsync(RequestDelegate handler, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(o => o.Listen(IPAddress.Loopback, 0, l =>
        {
            if (certificate is not null)
                l.UseHttps(certificate);
        }));
        var server = builder.Build();
        server.Run(handler);
        await server.StartAsync();
        return server;
    }

    /// <summary>The same bytes on each connection, then its end; how many connections there were.</summary>
    private static async Task<int> AnswerAsync(TcpListener listener, string bytes, CancellationToken cancellation)
    {
        var connections = 0;
        try
        {
            for (; ; connections++)
            {
                using var client = await listener.AcceptTcpClientAsync(cancellation);
                var stream = client.GetStream();
                var request = new byte[4096];
                Assert.True(await stream.ReadAsync(request, cancellation) > 0);
                await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(bytes), cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return connections;
        }
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
