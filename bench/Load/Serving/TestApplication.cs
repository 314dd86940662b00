using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Orchestrator.Load.Serving;

/// <summary>
/// The application that is deployed, replaced and killed under load. It does what a well-behaved service does at its end: it stops
/// accepting, closes WebSockets with 1001, answers what is in flight, and exits 0.
/// </summary>
public sealed class TestApplication : IAsyncDisposable
{
    /// <summary>An answer of <c>/slow</c> grows by one piece each time; a silence longer than this means it was cut off.</summary>
    private static readonly TimeSpan SlowPiece = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan SlowLongest = TimeSpan.FromMinutes(10);
    private static readonly byte[] Piece = Encoding.ASCII.GetBytes(new string('.', 63) + "\n");

    private readonly ServeOptions _options;
    private readonly TimeProvider _clock;
    private readonly WebApplication _application;
    private readonly string _replica = Environment.MachineName;
    private readonly byte[] _answer;
    private readonly long _started;
    private long _answers;

    public TestApplication(ServeOptions options, TimeProvider clock)
    {
        _options = options;
        _clock = clock;
        _started = clock.GetTimestamp();
        _answer = Encoding.UTF8.GetBytes($"{options.Version} from {_replica}\n");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Any, options.Port);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Grace);
        _application = builder.Build();
        _application.UseWebSockets();
        _application.Run(AnswerAsync);
    }

    /// <summary>The port it listens on, once started.</summary>
    public int Port => new Uri(_application.Urls.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)).Port;

    public static async Task<int> RunAsync(ServeOptions options)
    {
        await using var application = new TestApplication(options, TimeProvider.System);
        await application.StartAsync();
        Console.WriteLine($"{options.Version} listens on port {application.Port}");
        var lifetime = application._application.Lifetime;
        lifetime.ApplicationStopping.Register(() => Console.WriteLine("stopping: no new requests, finishing open ones"));
        await application._application.WaitForShutdownAsync();
        return ExitCode.Done;
    }

    public Task StartAsync() => _application.StartAsync();

    public Task StopAsync() => _application.StopAsync();

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        context.Response.Headers["X-Version"] = _options.Version;
        context.Response.Headers["X-Replica"] = _replica;
        return context.Request.Path.Value switch
        {
            "/" => RootAsync(context),
            "/slow" => SlowAsync(context),
            "/healthz" => StatusAsync(context, _clock.GetElapsedTime(_started) < _options.StartDelay ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK),
            "/ws" when context.WebSockets.IsWebSocketRequest => EchoSocket.RunAsync(context, _options.Grace, _clock, _application.Lifetime.ApplicationStopping),
            "/ws" => StatusAsync(context, StatusCodes.Status426UpgradeRequired),
            _ => StatusAsync(context, StatusCodes.Status404NotFound),
        };
    }

    private async Task RootAsync(HttpContext context)
    {
        if (_options.Delay > TimeSpan.Zero)
            await Task.Delay(_options.Delay, _clock, context.RequestAborted);
        // The n-th answer fails when n times the rate passes a whole number: exactly the share, without a die.
        var number = Interlocked.Increment(ref _answers);
        if (Math.Floor(number * _options.FailRate) > Math.Floor((number - 1) * _options.FailRate))
        {
            await StatusAsync(context, StatusCodes.Status500InternalServerError);
            return;
        }
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = _answer.Length;
        await context.Response.Body.WriteAsync(_answer, context.RequestAborted);
    }

    private async Task SlowAsync(HttpContext context)
    {
        if (!double.TryParse(context.Request.Query["seconds"], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || seconds > SlowLongest.TotalSeconds)
        {
            await StatusAsync(context, StatusCodes.Status400BadRequest);
            return;
        }
        var pieces = 1 + (int)(seconds / SlowPiece.TotalSeconds);
        context.Response.ContentType = "text/plain";
        // The length is promised, so that whoever reads can tell an end from a break.
        context.Response.ContentLength = (long)pieces * Piece.Length;
        for (var i = 0; i < pieces; i++)
        {
            if (i > 0)
                await Task.Delay(SlowPiece, _clock, context.RequestAborted);
            await context.Response.Body.WriteAsync(Piece, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static async Task StatusAsync(HttpContext context, int status)
    {
        var text = Encoding.ASCII.GetBytes($"{status}\n");
        context.Response.StatusCode = status;
        context.Response.ContentLength = text.Length;
        await context.Response.Body.WriteAsync(text, context.RequestAborted);
    }
}
