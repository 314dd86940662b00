using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

public sealed partial class EngineClient
{
    /// <summary>Of one log line; a longer one comes in pieces.</summary>
    private const int LogLineBytesMax = 64 * 1024;

    public async Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(EngineFilters filters, bool all, CancellationToken cancellation)
    {
        var found = await QueryAsync("/containers/json" + Query(Flag("all", all), Filters(filters)), EngineJson.Default.ContainerSummaries, cancellation);
        return [.. found.Select(ContainerMapping.Summary).Where(container => IsNamed(filters, container.Name))];
    }

    public async Task<string> CreateContainerAsync(string name, CreateContainer request, CancellationToken cancellation)
    {
        var version = await _http.VersionAsync(cancellation);
        var body = ContainerMapping.Create(request, version);
        var call = EngineCall.Post("/containers/create" + Query("name=" + Uri.EscapeDataString(name)), EngineHttp.Json(body, EngineJson.Default.ContainerCreate)) with { Timeout = _timeouts.Change };
        var id = (await _http.ReadAsync(call, EngineJson.Default.IdAnswer, cancellation)).Id;
        if (version >= EngineApi.ManyEndpoints) return id;

        try
        {
            foreach (var endpoint in request.Networks.Skip(1)) await ConnectNetworkAsync(endpoint.Network, id, endpoint.Settings, cancellation);
            return id;
        }
        catch
        {
            // Half connected it must not stay; that the caller has given up does not change this.
            await RemoveContainerAsync(id, force: true, volumes: true, CancellationToken.None);
            throw;
        }
    }

    public async Task<ContainerDetails> InspectContainerAsync(string container, CancellationToken cancellation) =>
        ContainerMapping.Details(await QueryAsync(ContainerPath(container, "json"), EngineJson.Default.ContainerDetails, cancellation));

    public async Task<bool> StartContainerAsync(string container, CancellationToken cancellation) =>
        await ChangeAsync(EngineCall.Post(ContainerPath(container, "start")), cancellation) != HttpStatusCode.NotModified;

    public async Task<bool> StopContainerAsync(string container, TimeSpan? grace, CancellationToken cancellation)
    {
        var query = grace is { } given ? Query("t=" + ((int)Math.Ceiling(Math.Max(0, given.TotalSeconds))).ToString(CultureInfo.InvariantCulture)) : "";
        var call = EngineCall.Post(ContainerPath(container, "stop") + query) with { Timeout = (grace ?? _timeouts.StopUnknownGrace) + _timeouts.StopMargin };
        return await ChangeAsync(call, cancellation) != HttpStatusCode.NotModified;
    }

    public Task KillContainerAsync(string container, string signal, CancellationToken cancellation) =>
        ChangeAsync(EngineCall.Post(ContainerPath(container, "kill") + Query("signal=" + Uri.EscapeDataString(signal))), cancellation);

    public Task RenameContainerAsync(string container, string name, CancellationToken cancellation) =>
        ChangeAsync(EngineCall.Post(ContainerPath(container, "rename") + Query("name=" + Uri.EscapeDataString(name))), cancellation);

    public Task RemoveContainerAsync(string container, bool force, bool volumes, CancellationToken cancellation) =>
        ChangeAsync(EngineCall.Delete("/containers/" + EngineCall.Escape(container) + Query(Flag("force", force), Flag("v", volumes))), cancellation);

    public Task UpdateRestartPolicyAsync(string container, RestartPolicy policy, CancellationToken cancellation)
    {
        var body = new ContainerJson.Update(new ContainerJson.Restart(policy.Name, policy.MaximumRetryCount));
        return ChangeAsync(EngineCall.Post(ContainerPath(container, "update"), EngineHttp.Json(body, EngineJson.Default.ContainerUpdate)), cancellation);
    }

    public async Task<long> WaitContainerAsync(string container, CancellationToken cancellation)
    {
        // No bound of its own: a container may run for years, and the caller's token ends the call.
        var call = EngineCall.Post(ContainerPath(container, "wait") + Query("condition=not-running"));
        return (await _http.ReadAsync(call, EngineJson.Default.ContainerExit, cancellation)).StatusCode;
    }

    public async IAsyncEnumerable<LogLine> LogsAsync(string container, LogsRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Before API 1.42 only the container itself says how its output is framed.
        var tty = (await InspectContainerAsync(container, cancellation)).Tty;
        var query = Query(
            "stdout=true", "stderr=true", Flag("follow", request.Follow), Flag("timestamps", request.Timestamps),
            "tail=" + (request.Tail?.ToString(CultureInfo.InvariantCulture) ?? "all"),
            request.Since is { } since ? "since=" + UnixTime(since) : "");
        var call = EngineCall.Get(ContainerPath(container, "logs") + query) with { Timeout = _timeouts.Read };
        await using var stream = await _http.OpenAsync(call, request.Follow ? null : _timeouts.Idle, cancellation);
        var lines = new LogLines(LogLineBytesMax, tty);
        await foreach (var (isError, bytes) in OutputAsync(call, stream, tty, cancellation))
        {
            foreach (var line in lines.Push(isError, bytes.Span)) yield return line;
        }

        foreach (var line in lines.Flush()) yield return line;
    }

    public Task PutArchiveAsync(string container, string path, Stream tar, CancellationToken cancellation)
    {
        var content = new StreamContent(tar);
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-tar");
        return ChangeAsync(new EngineCall(HttpMethod.Put, ContainerPath(container, "archive") + Query("path=" + Uri.EscapeDataString(path))) { Content = content, Timeout = _timeouts.Transfer }, cancellation);
    }

    public async Task<Stream> GetArchiveAsync(string container, string path, CancellationToken cancellation) =>
        await _http.OpenAsync(EngineCall.Get(ContainerPath(container, "archive") + Query("path=" + Uri.EscapeDataString(path))) with { Timeout = _timeouts.Transfer }, _timeouts.Idle, cancellation);

    public async Task<ContainerStats> StatsAsync(string container, CancellationToken cancellation) =>
        ContainerMapping.Stats(await QueryAsync(ContainerPath(container, "stats") + Query("stream=false", "one-shot=true"), EngineJson.Default.ContainerStats, cancellation));

    private static string ContainerPath(string container, string action) => $"/containers/{EngineCall.Escape(container)}/{action}";

    /// <summary>Output in pieces, with a broken stream as <see cref="EngineException"/>.</summary>
    private async IAsyncEnumerable<(bool IsError, ReadOnlyMemory<byte> Bytes)> OutputAsync(EngineCall call, EngineStream stream, bool tty, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var pieces = StreamFrames.ReadAsync(stream, tty, cancellation).GetAsyncEnumerator(cancellation);
        while (await NextAsync()) yield return pieces.Current;

        async Task<bool> NextAsync()
        {
            try
            {
                return await pieces.MoveNextAsync();
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                throw _http.Failed(call, e);
            }
        }
    }
}
