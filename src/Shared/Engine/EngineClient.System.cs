using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

public sealed partial class EngineClient
{
    public Task PingAsync(CancellationToken cancellation) => _http.PingAsync(cancellation);

    public async Task<EngineVersion> VersionAsync(CancellationToken cancellation)
    {
        var version = await QueryAsync("/version", EngineJson.Default.EngineVersion, cancellation);
        var product = version.Components is [{ Name: { Length: > 0 } first }, ..] ? first : "Engine";
        return new EngineVersion(version.Number ?? "", version.ApiVersion ?? "", version.MinApiVersion ?? "", version.Os ?? "", version.Arch ?? "", version.KernelVersion ?? "", product);
    }

    public async Task<EngineInfo> InfoAsync(CancellationToken cancellation)
    {
        var info = await QueryAsync("/info", EngineJson.Default.EngineInfo, cancellation);
        var labels = (info.Labels ?? []).Select(label => label.Split('=', 2)).ToLookup(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "");
        return new EngineInfo(
            info.Id ?? "", info.Name ?? "", info.Cpus, info.MemTotal, info.OsType ?? "", info.Architecture ?? "",
            labels.ToImmutableDictionary(group => group.Key, group => group.Last()), info.ServerVersion ?? "", info.CgroupVersion ?? "1");
    }

    public async IAsyncEnumerable<EngineEvent> EventsAsync(EngineFilters filters, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // Engines answer before they subscribe: "since" on the engine's own clock closes that gap, and makes the first element's promise true.
        var info = await QueryAsync("/info", EngineJson.Default.EngineInfo, cancellation);
        var from = info.SystemTime ?? _time.GetUtcNow();
        var call = EngineCall.Get("/events" + Query("since=" + UnixTime(from), Filters(filters))) with { Timeout = _timeouts.Read };
        await using var stream = await _http.OpenAsync(call, idle: null, cancellation);
        yield return EngineEvent.StreamOpen(from);

        await foreach (var happened in JsonLinesAsync(call, stream, EngineJson.Default.EngineEvent, cancellation))
        {
            yield return Map(happened);
        }

        throw _http.Failed(call, new IOException("the engine closed the stream of events"));
    }

    /// <summary>In Docker's words: Podman calls a container's <c>destroy</c> <c>remove</c>, and its <c>exitCode</c> <c>containerExitCode</c>.</summary>
    private static EngineEvent Map(SystemJson.Event happened)
    {
        var action = happened is { Type: "container", Action: "remove" } ? "destroy" : happened.Action ?? "";
        var attributes = happened.Actor?.Attributes ?? [];
        if (attributes.TryGetValue("containerExitCode", out var code)) attributes.TryAdd("exitCode", code);
        var at = happened.TimeNanoseconds != 0
            ? DateTimeOffset.UnixEpoch.AddTicks(happened.TimeNanoseconds / TimeSpan.NanosecondsPerTick)
            : DateTimeOffset.FromUnixTimeSeconds(happened.TimeSeconds);
        return new EngineEvent(happened.Type ?? "", action, happened.Actor?.Id ?? "", attributes, at);
    }

    /// <summary>Seconds with nine decimals, as the API takes it.</summary>
    private static string UnixTime(DateTimeOffset at)
    {
        var ticks = (at - DateTimeOffset.UnixEpoch).Ticks;
        return string.Create(CultureInfo.InvariantCulture, $"{ticks / TimeSpan.TicksPerSecond}.{ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick:D9}");
    }
}
