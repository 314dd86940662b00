using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

/// <summary>The Docker Engine API over a unix socket, TCP, TLS or ssh. Safe for many callers at a time.</summary>
public sealed partial class EngineClient : IEngine, IDisposable
{
    /// <summary>Longest line of a JSON stream: an event with all of a container's labels.</summary>
    private const int JsonLineBytesMax = 1024 * 1024;

    private readonly EngineHttp _http;
    private readonly EngineTimeouts _timeouts;
    private readonly TimeProvider _time;

    /// <summary>Opens no connection yet.</summary>
    public EngineClient(EngineAddress address, EngineTimeouts? timeouts = null, TimeProvider? time = null)
    {
        _timeouts = timeouts ?? new EngineTimeouts();
        _time = time ?? TimeProvider.System;
        _http = new EngineHttp(address, _timeouts, _time);
        Address = address.ToString();
    }

    public string Address { get; }

    public void Dispose() => _http.Dispose();

    private Task<T> QueryAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        _http.ReadAsync(EngineCall.Get(path) with { Timeout = _timeouts.Read }, type, cancellation);

    private Task<HttpStatusCode> ChangeAsync(EngineCall call, CancellationToken cancellation) => _http.RunAsync(call with { Timeout = call.Timeout ?? _timeouts.Change }, cancellation);

    /// <summary>The values of a stream of JSON lines, as they come.</summary>
    private async IAsyncEnumerable<T> JsonLinesAsync<T>(EngineCall call, EngineStream stream, JsonTypeInfo<T> type, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var splitter = new LineSplitter(JsonLineBytesMax);
        var buffer = new byte[16 * 1024];
        List<string> lines = [];
        for (var read = -1; read != 0;)
        {
            read = await stream.ReadAsync(buffer, cancellation);
            splitter.Push(buffer.AsSpan(0, read), lines);
            if (read == 0) splitter.Flush(lines);
            foreach (var line in lines)
            {
                if (!string.IsNullOrWhiteSpace(line)) yield return Parse(line);
            }

            lines.Clear();
        }

        T Parse(string line)
        {
            try
            {
                return JsonSerializer.Deserialize(line, type) ?? throw new JsonException("null in a stream");
            }
            catch (JsonException e)
            {
                throw _http.Failed(call, e);
            }
        }
    }

    private static string Filters(EngineFilters filters) => filters.Values.IsEmpty
        ? ""
        : "filters=" + Uri.EscapeDataString(JsonSerializer.Serialize(filters.Values.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray()), EngineJson.Default.Filters));

    /// <summary>Joins what is not empty to <c>?a=1&amp;b=2</c>.</summary>
    private static string Query(params ReadOnlySpan<string> parts)
    {
        var text = string.Join('&', parts.ToArray().Where(part => part.Length > 0));
        return text.Length == 0 ? "" : "?" + text;
    }

    private static string Flag(string name, bool value) => value ? name + "=true" : "";

    /// <summary>The API's <c>name</c> filter finds parts of names: "web" finds "web2" and "my-web".</summary>
    private static bool IsNamed(EngineFilters filters, string name) => !filters.Values.TryGetValue("name", out var names) || names.Contains(name);
}
