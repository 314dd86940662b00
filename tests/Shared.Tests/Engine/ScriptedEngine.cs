using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Engine.Tests;

/// <summary>A server on a unix socket that answers as a test tells it, for what real engines do only on bad days or in other versions.</summary>
internal sealed class ScriptedEngine : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly string _folder;
    private readonly List<string> _requests = [];

    private ScriptedEngine(WebApplication server, string folder)
    {
        (_server, _folder) = (server, folder);
        Address = new EngineAddress { Transport = EngineTransport.Unix, Path = Path.Combine(folder, "engine.sock") };
    }

    public EngineAddress Address { get; }

    /// <summary><c>POST /v1.41/containers/create?name=x</c> and then the body, if any, on the same line.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_requests) return [.. _requests];
        }
    }

    /// <param name="apiVersion">What /_ping says; null leaves the header out.</param>
    /// <param name="answer">Answers all but /_ping; 404 when it leaves the status alone and writes nothing.</param>
    public static async Task<ScriptedEngine> StartAsync(string? apiVersion, Func<HttpContext, string, Task> answer, Action<ListenOptions>? listen = null)
    {
        var folder = Directory.CreateTempSubdirectory("engine-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.ListenUnixSocket(Path.Combine(folder, "engine.sock"), socket => listen?.Invoke(socket)));
        var engine = new ScriptedEngine(builder.Build(), folder);
        engine._server.Run(context => engine.AnswerAsync(context, apiVersion, answer));
        await engine._server.StartAsync();
        return engine;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _server.StopAsync(now.Token);
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task AnswerAsync(HttpContext context, string? apiVersion, Func<HttpContext, string, Task> answer)
    {
        var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
        lock (_requests) _requests.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}{(body.Length == 0 ? "" : " " + body)}");
        if (context.Request.Path == "/_ping")
        {
            if (apiVersion is not null) context.Response.Headers["Api-Version"] = apiVersion;
            return;
        }

        await answer(context, body);
    }
}
