using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>A fleet's coordinator, across HTTPS with a client certificate.</summary>
public sealed class CoordinatorHttpClient : ICoordinator, IDisposable
{
    private readonly CoordinatorConnection _connection;
    private readonly ApiTimes _times;
    private readonly TimeProvider _time;

    /// <param name="credential">Disposed with this client.</param>
    public CoordinatorHttpClient(ImmutableArray<Uri> servers, Credential credential, TimeProvider time, ApiTimes? times = null)
    {
        if (servers.IsDefaultOrEmpty) throw new ArgumentException("at least one address", nameof(servers));
        _connection = new CoordinatorConnection(servers, credential, time);
        _times = times ?? new ApiTimes();
        _time = time;
    }

    /// <summary>The address that answered last.</summary>
    public Uri Server => _connection.Current;

    /// <summary>Reads the context's certificate and renews it when it is due.</summary>
    /// <exception cref="CoordinatorException">The context's files cannot be used.</exception>
    public static async Task<CoordinatorHttpClient> OpenAsync(OperatorContext context, TimeProvider time, CancellationToken cancellation, ApiTimes? times = null)
    {
        var folder = new CredentialFolder(context.Folder, OperatorContext.CredentialName);
        try
        {
            try
            {
                await new CertificateRenewal(folder, time).RenewIfDueAsync(context.Servers, cancellation);
            }
            catch (TrustException e) when (e.Kind != TrustErrorKind.Invalid)
            {
                // The old certificate serves as long as it lasts; when it does not, the request that follows says so.
            }

            return new CoordinatorHttpClient(context.Servers, folder.Load(), time, times);
        }
        catch (TrustException e)
        {
            throw Problems.ToException(e);
        }
    }

    public Task<CoordinatorVersion> VersionAsync(CancellationToken cancellation) =>
        GetAsync(ApiRoutes.Version, ApiJson.Default.CoordinatorVersion, cancellation);

    public Task<Plan> PlanAsync(ChangeRequest request, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, ApiRoutes.Plan, Content(request), ApiJson.Default.Plan, _times.Plan, cancellation);

    public Task<PlanFile> PlanFileAsync(ChangeRequest.Deploy request, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, ApiRoutes.PlanFile, Content(request), ApiJson.Default.PlanFile, _times.Plan, cancellation);

    public Task<StackDiff> DiffAsync(DiffQuery query, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, ApiRoutes.Diff, () => JsonContent.Create(query, ApiJson.Default.DiffQuery), ApiJson.Default.StackDiff, _times.Answer, cancellation);

    public IAsyncEnumerable<ChangeEvent> ChangeAsync(ChangeRequest request, CancellationToken cancellation) =>
        new ChangeFollower(this, OpenChangeAsync, _times, _time).FollowAsync(request, cancellation);

    public Task<ImmutableArray<ReplicaView>> ReplicasAsync(string? stack, bool all, CancellationToken cancellation)
    {
        var query = $"?all={(all ? "true" : "false")}" + (stack is null ? "" : $"&stack={Uri.EscapeDataString(stack)}");
        return GetAsync(ApiRoutes.Replicas + query, ApiJson.Default.ImmutableArrayReplicaView, cancellation);
    }

    public Task<ImmutableArray<StackView>> StacksAsync(CancellationToken cancellation) =>
        GetAsync(ApiRoutes.Stacks, ApiJson.Default.ImmutableArrayStackView, cancellation);

    public Task<ImmutableArray<RevisionView>> HistoryAsync(string stack, CancellationToken cancellation) =>
        GetAsync(ApiRoutes.HistoryOf(stack), ApiJson.Default.ImmutableArrayRevisionView, cancellation);

    public Task<ImmutableArray<HostView>> HostsAsync(CancellationToken cancellation) =>
        GetAsync(ApiRoutes.Hosts, ApiJson.Default.ImmutableArrayHostView, cancellation);

    public IAsyncEnumerable<LogView> LogsAsync(LogsQuery query, CancellationToken cancellation) =>
        StreamAsync(ApiRoutes.Logs, () => JsonContent.Create(query, ApiJson.Default.LogsQuery), ApiJson.Default.LogView, cancellation);

    public IAsyncEnumerable<StackEvent> EventsAsync(EventsQuery query, CancellationToken cancellation) =>
        StreamAsync(ApiRoutes.Events, () => JsonContent.Create(query, ApiJson.Default.EventsQuery), ApiJson.Default.StackEvent, cancellation);

    public Task<ExplanationView> ExplainAsync(string stack, string? service, CancellationToken cancellation) =>
        GetAsync(ApiRoutes.ExplanationOf(stack, service), ApiJson.Default.ExplanationView, cancellation);

    public Task<MaintenanceView> SetMaintenanceAsync(MaintenanceRequest request, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, ApiRoutes.Maintenance, () => JsonContent.Create(request, ApiJson.Default.MaintenanceRequest), ApiJson.Default.MaintenanceView, _times.Maintenance, cancellation);

    public Task<string> CreateTokenAsync(string role, TimeSpan lifetime, CancellationToken cancellation) =>
        CreateTokenAsync(role, lifetime, uses: 1, cancellation);

    /// <param name="uses">How many may join with it.</param>
    public async Task<string> CreateTokenAsync(string role, TimeSpan lifetime, int uses, CancellationToken cancellation)
    {
        var request = new TokenRequest(role, lifetime, uses);
        var reply = await SendAsync(HttpMethod.Post, ApiRoutes.Tokens, () => JsonContent.Create(request, HttpJson.Default.TokenRequest), HttpJson.Default.TokenReply, _times.Answer, cancellation);
        return reply.Token;
    }

    /// <summary>Those that can still be used; oldest first.</summary>
    public Task<ImmutableArray<TokenView>> TokensAsync(CancellationToken cancellation) =>
        GetAsync(ApiRoutes.Tokens, HttpJson.Default.ImmutableArrayTokenView, cancellation);

    public async Task RevokeTokenAsync(string id, CancellationToken cancellation)
    {
        using var answer = await _connection.SendAsync(HttpMethod.Delete, ApiRoutes.TokenOf(id), content: null, _times.Answer, cancellation);
    }

    public async Task RemoveHostAsync(string host, CancellationToken cancellation)
    {
        using var answer = await _connection.SendAsync(HttpMethod.Delete, ApiRoutes.HostOf(host), content: null, _times.Answer, cancellation);
    }

    public void Dispose() => _connection.Dispose();

    private Task<NdjsonReader<ChangeEvent>> OpenChangeAsync(ChangeRequest request, CancellationToken cancellation) =>
        OpenAsync(ApiRoutes.Changes, Content(request), ApiJson.Default.ChangeEvent, cancellation);

    /// <summary>A coordinator cuts the connection over a larger one, and cannot say why.</summary>
    private static Func<HttpContent> Content(ChangeRequest request)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(request, ApiJson.Default.ChangeRequest);
        return bytes.Length <= LinkProtocol.MessageBytesMax
            ? () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } }
            : throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"the request has {bytes.Length / (1024 * 1024)} MiB, and a coordinator takes {LinkProtocol.MessageBytesMax / (1024 * 1024)} MiB at most; nothing was sent. Make the configs, secrets and environments in the stack's files smaller");
    }

    private async IAsyncEnumerable<T> StreamAsync<T>(string path, Func<HttpContent> content, JsonTypeInfo<T> type, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        await using var reader = await OpenAsync(path, content, type, cancellation);
        while (true)
        {
            T? line;
            try
            {
                line = await reader.ReadAsync(cancellation);
            }
            catch (StreamLostException e)
            {
                throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"the connection to {Server} was lost: {e.Message}", e);
            }

            if (line is null) yield break;
            yield return line;
        }
    }

    private async Task<NdjsonReader<T>> OpenAsync<T>(string path, Func<HttpContent> content, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        var answer = await _connection.SendAsync(HttpMethod.Post, path, content, _times.Answer, cancellation);
        return new NdjsonReader<T>(answer, await answer.Content.ReadAsStreamAsync(cancellation), type, _times.Silence, _time);
    }

    private Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, content: null, type, _times.Answer, cancellation);

    private async Task<T> SendAsync<T>(HttpMethod method, string path, Func<HttpContent>? content, JsonTypeInfo<T> type, TimeSpan deadline, CancellationToken cancellation)
    {
        using var answer = await _connection.SendAsync(method, path, content, deadline, cancellation);
        using var timer = new CancellationTokenSource(_times.Answer, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await answer.Content.ReadFromJsonAsync(type, either.Token)
                ?? throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{Server} answered {path} with nothing");
        }
        catch (JsonException e)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{Server} answered {path} with what this client does not understand ({e.Message}): install the same release on both", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"the connection to {Server} was lost within the answer to {path}: {CoordinatorTransport.Describe(e)}", e);
        }
    }
}
