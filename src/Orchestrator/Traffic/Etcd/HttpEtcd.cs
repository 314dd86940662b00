using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Traffic.Etcd;

/// <summary>etcd through its HTTP gateway. A call goes to the endpoint that answered last, then to each of the others; all calls may be made twice without harm.</summary>
internal sealed class HttpEtcd : IEtcd
{
    /// <summary>gRPC's codes in the gateway's answers.</summary>
    private const int NotFound = 5;
    private const int Unavailable = 14;
    private const int Unauthenticated = 16;

    private const long AnswerBytesMax = 64 * 1024 * 1024;

    private readonly EtcdSinkOptions options;
    private readonly TimeProvider time;
    private readonly HttpClient http;
    private readonly X509Certificate2Collection files = [];
    private int current;
    private string? token;

    /// <exception cref="EtcdException">A certificate or key file cannot be read.</exception>
    public HttpEtcd(EtcdSinkOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        http = new HttpClient(new SocketsHttpHandler { SslOptions = Tls(), ConnectTimeout = options.RequestTimeout, PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerBytesMax,
        };
    }

    public async Task<long> GrantAsync(TimeSpan lifetime, CancellationToken cancellation)
    {
        var granted = await CallAsync("lease/grant", new EtcdJson.GrantRequest((long)Math.Ceiling(lifetime.TotalSeconds)), EtcdJsonContext.Default.GrantRequest, EtcdJsonContext.Default.GrantResponse, cancellation).ConfigureAwait(false);
        return granted.Id;
    }

    public async Task<bool> RenewAsync(long lease, CancellationToken cancellation)
    {
        var renewed = await CallAsync("lease/keepalive", new EtcdJson.RenewRequest(lease), EtcdJsonContext.Default.RenewRequest, EtcdJsonContext.Default.RenewResponse, cancellation).ConfigureAwait(false);
        return renewed.Error is null ? renewed.Result is { Ttl: > 0 } : throw new EtcdException($"etcd does not renew the lease: {renewed.Error.Message}");
    }

    public async Task<ImmutableSortedDictionary<string, EtcdValue>> ListAsync(string prefix, CancellationToken cancellation)
    {
        var key = Encoding.UTF8.GetBytes(prefix);
        var found = await CallAsync("kv/range", new EtcdJson.RangeRequest(key, EndOf(key)), EtcdJsonContext.Default.RangeRequest, EtcdJsonContext.Default.RangeResponse, cancellation).ConfigureAwait(false);
        var values = ImmutableSortedDictionary.CreateBuilder<string, EtcdValue>(StringComparer.Ordinal);
        foreach (var pair in found.Kvs ?? [])
            values[Encoding.UTF8.GetString(pair.Key)] = new EtcdValue(Encoding.UTF8.GetString(pair.Value ?? []), pair.Lease);
        return values.ToImmutable();
    }

    public Task CommitAsync(ImmutableArray<EtcdChange> changes, CancellationToken cancellation) =>
        CallAsync("kv/txn", new EtcdJson.TransactionRequest([.. changes.Select(OperationOf)]), EtcdJsonContext.Default.TransactionRequest, EtcdJsonContext.Default.JsonElement, cancellation);

    public void Dispose()
    {
        http.Dispose();
        foreach (var file in files)
            file.Dispose();
    }

    private static EtcdJson.Operation OperationOf(EtcdChange change)
    {
        var key = Encoding.UTF8.GetBytes(change.Key);
        return change switch
        {
            EtcdChange.Put put => new EtcdJson.Operation(new EtcdJson.PutRequest(key, Encoding.UTF8.GetBytes(put.Value), put.Lease), null),
            EtcdChange.Delete => new EtcdJson.Operation(null, new EtcdJson.DeleteRequest(key, null)),
            EtcdChange.DeleteAll => new EtcdJson.Operation(null, new EtcdJson.DeleteRequest(key, EndOf(key))),
            _ => throw new ArgumentOutOfRangeException(nameof(change), change, "no such change"),
        };
    }

    /// <summary>The first key behind all that begin with this one. Our keys end in ASCII, which can be counted up.</summary>
    private static byte[] EndOf(byte[] prefix) => [.. prefix[..^1], (byte)(prefix[^1] + 1)];

    private async Task<TAnswer> CallAsync<TQuestion, TAnswer>(string method, TQuestion question, JsonTypeInfo<TQuestion> ask, JsonTypeInfo<TAnswer> answer, CancellationToken cancellation)
    {
        var problems = new List<string>();
        for (var i = 0; i < options.Endpoints.Length; i++)
        {
            var endpoint = options.Endpoints[current % options.Endpoints.Length];
            try
            {
                if (options.Login is not null && token is null)
                    token = await LogInAsync(endpoint, options.Login, cancellation).ConfigureAwait(false);
                try
                {
                    return await PostAsync(endpoint, method, question, ask, answer, cancellation).ConfigureAwait(false);
                }
                catch (LoginOverException) when (options.Login is not null)
                {
                    token = await LogInAsync(endpoint, options.Login, cancellation).ConfigureAwait(false);
                    return await PostAsync(endpoint, method, question, ask, answer, cancellation).ConfigureAwait(false);
                }
            }
            catch (LoginOverException e)
            {
                throw new EtcdException($"etcd at {endpoint} refuses the login: {e.Message}; give --etcd-user and --etcd-password-file", inner: e);
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or UnavailableException or JsonException)
            {
                problems.Add($"{endpoint}: {Reason(e)}");
                current++;
            }
        }
        throw new EtcdException($"no etcd answers ({string.Join("; ", problems)}); check that it runs and that --etcd names its client addresses");
    }

    private static string Reason(Exception e) => e is HttpRequestException { InnerException: { } inner } ? inner.Message : e.Message;

    private async Task<string> LogInAsync(Uri endpoint, EtcdLogin login, CancellationToken cancellation)
    {
        token = null;
        var question = new EtcdJson.LoginRequest(login.User, login.Password);
        return (await PostAsync(endpoint, "auth/authenticate", question, EtcdJsonContext.Default.LoginRequest, EtcdJsonContext.Default.LoginResponse, cancellation).ConfigureAwait(false)).Token;
    }

    private async Task<TAnswer> PostAsync<TQuestion, TAnswer>(Uri endpoint, string method, TQuestion question, JsonTypeInfo<TQuestion> ask, JsonTypeInfo<TAnswer> answer, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, $"/v3/{method}"));
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(question, ask));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            if (token is not null)
                request.Headers.TryAddWithoutValidation("Authorization", token);
            using var response = await http.SendAsync(request, either.Token).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
                return JsonSerializer.Deserialize(body, answer) ?? throw new JsonException("an empty answer");
            throw Refusal(response.StatusCode, method, body);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no answer within {options.RequestTimeout.TotalSeconds:0.#} s");
        }
    }

    private static Exception Refusal(HttpStatusCode status, string method, byte[] body)
    {
        var failure = FailureOf(body);
        var message = failure?.Message ?? failure?.Error ?? $"HTTP {(int)status}";
        if (failure is { Code: Unauthenticated } || status == HttpStatusCode.Unauthorized || message.Contains("user name is empty", StringComparison.Ordinal) || message.Contains("invalid user ID or password", StringComparison.Ordinal))
            return new LoginOverException(message);
        if (failure is { Code: Unavailable } || (failure is null && (int)status >= 500))
            return new UnavailableException(message);
        return new EtcdException($"etcd refuses {method}: {message}", isLeaseLost: failure is { Code: NotFound } && message.Contains("lease not found", StringComparison.Ordinal));
    }

    private static EtcdJson.Failure? FailureOf(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, EtcdJsonContext.Default.Failure);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private SslClientAuthenticationOptions Tls()
    {
        var tls = new SslClientAuthenticationOptions();
        try
        {
            if (options.AuthorityFile is { } authorities)
            {
                var roots = new X509Certificate2Collection();
                roots.ImportFromPemFile(authorities);
                if (roots.Count == 0)
                    throw new CryptographicException("the file holds no certificate");
                files.AddRange(roots);
                tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                tls.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
            }
            if (options.CertificateFile is { } certificate)
            {
                var own = X509Certificate2.CreateFromPemFile(certificate, options.KeyFile);
                files.Add(own);
                tls.ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true);
            }
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new EtcdException($"--etcd-ca, --etcd-cert or --etcd-key cannot be used: {e.Message}", inner: e);
        }
        return tls;
    }

    private sealed class UnavailableException(string message) : Exception(message);

    private sealed class LoginOverException(string message) : Exception(message);
}
