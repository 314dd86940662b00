using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>Sends requests to whichever of a fleet's coordinators answers, the last good one first.</summary>
internal sealed class CoordinatorConnection(ImmutableArray<Uri> servers, Credential credential, TimeProvider time) : IDisposable
{
    private readonly HttpClient _client = new(CoordinatorTransport.Create(credential.Authority, credential.Certificate, time))
    {
        // Each request brings its own deadline; a stream has none but silence.
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private int _current;

    /// <summary>The address that answered last.</summary>
    public Uri Current => servers[_current];

    /// <param name="content">Null for none; made anew for each address.</param>
    /// <param name="deadline">Until the answer's headers, and its body unless it is a stream.</param>
    /// <returns>An answer of success.</returns>
    /// <exception cref="CoordinatorException">No coordinator can be reached, or the one reached refuses.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Func<HttpContent>? content, TimeSpan deadline, CancellationToken cancellation)
    {
        var failures = new List<string>();
        var denied = false;
        for (var attempt = 0; attempt < servers.Length; attempt++)
        {
            var index = (_current + attempt) % servers.Length;
            using var timer = new CancellationTokenSource(deadline, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
            try
            {
                var answer = await SendAsync(servers[index], method, path, content, either.Token);
                _current = index;
                if (answer.IsSuccessStatusCode) return answer;

                var problem = await ReadProblemAsync(answer, either.Token);

                // A follower that knows no leader yet; another may.
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable) throw Problems.ToException(problem);
                failures.Add($"{servers[index]}: {problem.Detail}");
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                if (method != HttpMethod.Get) throw Lost(servers[index], "no answer in time", e);
                failures.Add($"{servers[index]}: no answer in time");
            }
            catch (HttpRequestException e)
            {
                var reason = CoordinatorTransport.Describe(e);
                if (method != HttpMethod.Get && MayHaveArrived(e)) throw Lost(servers[index], reason, e);
                denied |= CoordinatorTransport.IsTrustFailure(e);
                failures.Add($"{servers[index]}: {reason}");
            }
        }

        throw new CoordinatorException(
            denied ? CoordinatorErrorKind.Denied : CoordinatorErrorKind.Unreachable,
            $"no coordinator can be reached. {string.Join(". ", failures)}");
    }

    public void Dispose()
    {
        _client.Dispose();
        credential.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(Uri server, HttpMethod method, string path, Func<HttpContent>? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content?.Invoke() };
        request.Headers.Add(LinkProtocol.ApiVersionHeader, LinkProtocol.ApiVersion.ToString(CultureInfo.InvariantCulture));
        var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        var theirs = answer.Headers.TryGetValues(LinkProtocol.ApiVersionHeader, out var values) ? values.FirstOrDefault() : null;
        if (theirs == LinkProtocol.ApiVersion.ToString(CultureInfo.InvariantCulture)) return answer;

        answer.Dispose();
        throw new CoordinatorException(CoordinatorErrorKind.Invalid, theirs is null
            ? $"{server} answers, but not as a coordinator does (HTTP {(int)answer.StatusCode}): compare the address"
            : $"{server} speaks version {theirs} of the API, this client version {LinkProtocol.ApiVersion}: install the same release on both");
    }

    private static async Task<LinkProblem> ReadProblemAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        using (answer)
        {
            var fallback = new LinkProblem("internal", (int)answer.StatusCode, "", $"the coordinator answered HTTP {(int)answer.StatusCode} without a reason");
            if (answer.Content.Headers.ContentType?.MediaType != LinkProblem.ContentType) return fallback;
            try
            {
                return await answer.Content.ReadFromJsonAsync(LinkJson.Default.LinkProblem, cancellation) ?? fallback;
            }
            catch (JsonException)
            {
                return fallback;
            }
        }
    }

    /// <summary>False when the connection was never made, so that another address may be asked without doing a thing twice.</summary>
    private static bool MayHaveArrived(HttpRequestException e) =>
        e.HttpRequestError is not (HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError);

    private static CoordinatorException Lost(Uri server, string reason, Exception inner) => new(
        CoordinatorErrorKind.Unreachable,
        $"{server}: {reason}. Whether the request arrived is not known; 'orchestrator ps' shows the state, and the command may be repeated.",
        inner);
}
