using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

/// <summary>HTTP to one engine: the negotiated version, the time bounds, and every failure as <see cref="EngineException"/>.</summary>
internal sealed class EngineHttp : IDisposable
{
    /// <summary>What a JSON answer may hold: the list of some ten thousand containers.</summary>
    private const long AnswerBytesMax = 64 * 1024 * 1024;

    /// <summary>Of a refusal's text, which ends up in messages and journals.</summary>
    private const int RefusalCharsMax = 2000;

    /// <summary>An idle connection is closed after this; through ssh each costs a process.</summary>
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(30);

    private readonly HttpClient _client;
    private readonly EngineTimeouts _timeouts;
    private readonly TimeProvider _time;
    private readonly TimeSpan _connectExtra;
    private readonly SemaphoreSlim _negotiation = new(1, 1);
    private volatile Version? _version;

    public EngineHttp(EngineAddress address, EngineTimeouts timeouts, TimeProvider time)
    {
        Address = address;
        _timeouts = timeouts;
        _time = time;
        _connectExtra = address.Transport == EngineTransport.Ssh ? timeouts.ConnectSsh : TimeSpan.Zero;
        var connector = new EngineConnector(address, timeouts.Connect, time);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => connector.ConnectAsync(cancellation),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = IdleConnection,
            // An event stream that is no longer read is closed, not drained.
            MaxResponseDrainSize = 0,
        };

        // The name is for the Host header alone; where the bytes go is the connector's business.
        _client = new HttpClient(handler) { BaseAddress = new Uri("http://docker"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public EngineAddress Address { get; }

    public void Dispose()
    {
        _client.Dispose();
        _negotiation.Dispose();
    }

    /// <summary>The version spoken with this engine; asked for once, and again after the connection was lost.</summary>
    public async Task<Version> VersionAsync(CancellationToken cancellation)
    {
        if (_version is { } known) return known;
        await _negotiation.WaitAsync(cancellation);
        try
        {
            return _version ??= await NegotiateAsync(cancellation);
        }
        finally
        {
            _negotiation.Release();
        }
    }

    public async Task PingAsync(CancellationToken cancellation) => _version = await NegotiateAsync(cancellation);

    /// <summary>Sends, and discards the answer's body. Returns its status, 304 included.</summary>
    public Task<HttpStatusCode> RunAsync(EngineCall call, CancellationToken cancellation) => BoundAsync(call, async bound =>
    {
        using var response = await SendAsync(call, bound);
        await response.Content.LoadIntoBufferAsync(AnswerBytesMax, bound);
        return response.StatusCode;
    }, cancellation);

    public Task<T> ReadAsync<T>(EngineCall call, JsonTypeInfo<T> type, CancellationToken cancellation) => BoundAsync(call, async bound =>
    {
        using var response = await SendAsync(call, bound);
        await response.Content.LoadIntoBufferAsync(AnswerBytesMax, bound);
        await using var body = await response.Content.ReadAsStreamAsync(bound);
        return await JsonSerializer.DeserializeAsync(body, type, bound)
            ?? throw new EngineException(EngineErrorKind.Temporary, (int)response.StatusCode, call.Method.Method, call.Path, "the engine answered null", Address.ToString());
    }, cancellation);

    /// <summary>Sends and hands over the body as it comes. The call's time bound ends with the answer's head.</summary>
    /// <param name="idle">What a single read may take; null = for ever.</param>
    public Task<EngineStream> OpenAsync(EngineCall call, TimeSpan? idle, CancellationToken cancellation) => BoundAsync(call, async bound =>
    {
        var response = await SendAsync(call, bound);
        var body = await response.Content.ReadAsStreamAsync(bound);
        return new EngineStream(response, body, idle, _time, e => Failed(call, e), () => Unreachable(call, $"nothing came for {Text(idle ?? TimeSpan.Zero)} from {call.Method} {call.Path}", null));
    }, cancellation);

    public static HttpContent Json<T>(T value, JsonTypeInfo<T> type)
    {
        // Bytes, not a stream: a Content-Length, and the handler can repeat the request on a fresh connection.
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>An exception met outside a call, such as within a stream, as the callers know it.</summary>
    public EngineException Failed(EngineCall call, Exception e)
    {
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is EngineException known) return known;
            if (inner is EngineConnectException connect) return Unreachable(call, connect.Message, e);
        }

        return e is JsonException or InvalidDataException
            ? new EngineException(EngineErrorKind.Fatal, (int)HttpStatusCode.OK, call.Method.Method, call.Path, $"the engine's answer is not understood: {e.Message}", Address.ToString(), e)
            : Unreachable(call, $"the connection ended during {call.Method} {call.Path}: {e.InnerException?.Message ?? e.Message}", e);
    }

    private async Task<T> BoundAsync<T>(EngineCall call, Func<CancellationToken, Task<T>> action, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(call.Timeout + _connectExtra ?? Timeout.InfiniteTimeSpan, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            return await action(either.Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw Unreachable(call, $"no answer within {Text(call.Timeout + _connectExtra ?? TimeSpan.Zero)} to {call.Method} {call.Path}; is the host overloaded?", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or InvalidDataException)
        {
            throw Failed(call, e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(EngineCall call, CancellationToken cancellation)
    {
        var version = await VersionAsync(cancellation);
        return await SendAsync(call, $"/v{version}{call.Path}", cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(EngineCall call, string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(call.Method, path) { Content = call.Content };
        if (call.RegistryAuth is { } auth) request.Headers.TryAddWithoutValidation("X-Registry-Auth", auth);
        if (call.Upgrade)
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", "tcp");
        }

        var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if ((int)response.StatusCode < 400) return response;
        using (response) throw await RefusalAsync(call, response, cancellation);
    }

    private async Task<EngineException> RefusalAsync(EngineCall call, HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var buffer = new byte[RefusalCharsMax * 4];
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        var message = RefusalText(buffer.AsSpan(0, length)) ?? response.ReasonPhrase ?? "refused";
        var kind = call.IsPull ? EngineErrors.ClassifyPull(status, message) : EngineErrors.Classify(status, message);
        return new EngineException(kind, status, call.Method.Method, call.Path, message, Address.ToString());
    }

    /// <summary>Null when there is none.</summary>
    private static string? RefusalText(ReadOnlySpan<byte> body)
    {
        string? text;
        try
        {
            text = JsonSerializer.Deserialize(body, EngineJson.Default.Refusal)?.Message;
        }
        catch (JsonException)
        {
            text = Encoding.UTF8.GetString(body);
        }

        text = text?.Trim();
        return string.IsNullOrEmpty(text) ? null : text[..Math.Min(text.Length, RefusalCharsMax)];
    }

    private async Task<Version> NegotiateAsync(CancellationToken cancellation)
    {
        // Some proxies and old engines do not know HEAD here.
        return await PingAsync(HttpMethod.Head, cancellation) ?? await PingAsync(HttpMethod.Get, cancellation)
            ?? throw new EngineException(EngineErrorKind.Fatal, (int)HttpStatusCode.OK, "GET", "/_ping", $"what answers at {Address} does not say its API version, so it is not a Docker engine; check DOCKER_HOST", Address.ToString());
    }

    private Task<Version?> PingAsync(HttpMethod method, CancellationToken cancellation)
    {
        var call = new EngineCall(method, "/_ping") { Timeout = _timeouts.Ping };
        return BoundAsync(call, async bound =>
        {
            try
            {
                using var response = await SendAsync(call, call.Path, bound);
                return response.Headers.TryGetValues("Api-Version", out var values) && Version.TryParse(values.First(), out var theirs)
                    ? EngineApi.Choose(theirs, Address)
                    : null;
            }
            catch (EngineException e) when (method == HttpMethod.Head && e.Status is >= 400 and < 500)
            {
                return null;
            }
        }, cancellation);
    }

    private EngineException Unreachable(EngineCall call, string message, Exception? inner)
    {
        // What answers next time may be another engine version.
        _version = null;
        return new EngineException(EngineErrorKind.Temporary, 0, call.Method.Method, call.Path, message, Address.ToString(), inner);
    }

    private static string Text(TimeSpan span) => span.TotalMinutes >= 2 ? $"{span.TotalMinutes:0.#} min" : $"{span.TotalSeconds:0.#} s";
}
