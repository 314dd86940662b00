using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Links;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>Stands before every endpoint: who asks, may they, does this coordinator lead; and turns every refusal into a problem.</summary>
/// <remarks>The handshake accepts any certificate and proves that the client holds its key; it is judged here, against our authority alone, because here the reason can be told. An endpoint without a role is reachable by anyone and must be named so in <see cref="ApiEndpoints"/>.</remarks>
internal sealed partial class ApiGate(Trust trust, Func<Leadership> leadership, ILogger log)
{
    private readonly ILogger _log = log;

    public RequestDelegate Open(Func<HttpContext, Task> handler) => context => RunAsync(context, () => handler(context));

    public RequestDelegate For(ReadOnlySpan<CertificateRole> roles, Func<HttpContext, CertificateIdentity, Task> handler)
    {
        var allowed = roles.ToArray();
        return context => RunAsync(context, async () =>
        {
            var caller = Authenticate(context);
            if (!allowed.Contains(caller.Role)) throw Denied(context, caller, allowed);
            if (Redirected(context)) return;
            await handler(context, caller);
        });
    }

    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
                ?? throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{context.Request.Path}: the body is empty");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{context.Request.Path}: the body is not understood: {e.Message}. Install the same release on client and coordinator.", e);
        }
        catch (BadHttpRequestException e)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{context.Request.Path}: {e.Message}", e);
        }
    }

    public static async Task AnswerAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }

    public static CoordinatorException Denied(HttpContext context, CertificateIdentity caller, params ReadOnlySpan<CertificateRole> allowed)
    {
        var words = string.Join(" or ", allowed.ToArray().Select(CertificateIdentity.RoleWord));
        return new CoordinatorException(CoordinatorErrorKind.Denied, $"{caller} may not {context.Request.Method} {context.Request.Path}: that takes the role {words}");
    }

    public static Task AnswerAsync(HttpContext context, LinkProblem problem)
    {
        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = LinkProblem.ContentType;
        return JsonSerializer.SerializeAsync(context.Response.Body, problem, LinkJson.Default.LinkProblem, context.RequestAborted);
    }

    private CertificateIdentity Authenticate(HttpContext context)
    {
        try
        {
            return trust.Authenticate(context.Connection.ClientCertificate);
        }
        catch (TrustException e)
        {
            LogRefused(context.Connection.RemoteIpAddress, e.Message);
            throw Problems.ToException(e);
        }
    }

    private bool Redirected(HttpContext context)
    {
        var now = leadership();
        if (now.IsLeader) return false;
        if (now.Leader is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, "this coordinator does not lead and knows no leader yet; try again in some seconds");
        }

        // 307 keeps method and body.
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        context.Response.Headers.Location = new Uri(now.Leader, context.Request.Path + context.Request.QueryString).AbsoluteUri;
        return true;
    }

    private async Task RunAsync(HttpContext context, Func<Task> handler)
    {
        context.Response.Headers[LinkProtocol.ApiVersionHeader] = LinkProtocol.ApiVersion.ToString(CultureInfo.InvariantCulture);
        LinkProblem problem;
        try
        {
            await handler();
            return;
        }
        catch (CoordinatorException e)
        {
            problem = Problems.From(e);
            if (context.Response.StatusCode == StatusCodes.Status503ServiceUnavailable) problem = problem with { Status = StatusCodes.Status503ServiceUnavailable };
        }
        catch (TrustException e)
        {
            LogRefused(context.Connection.RemoteIpAddress, e.Message);
            problem = Problems.From(Problems.ToException(e));
        }
        catch (OperationCanceledException)
        {
            // The client left, or the server stops: a stream that is cut off must not look complete.
            context.Abort();
            return;
        }
        catch (Exception e)
        {
            LogFault(e, context.Request.Method, context.Request.Path);
            problem = new LinkProblem("internal", 500, "A fault of the coordinator", $"{context.Request.Method} {context.Request.Path} failed within the coordinator ({e.GetType().Name}); its log has the details");
        }

        if (context.Response.HasStarted) context.Abort();
        else await AnswerAsync(context, problem);
    }
}
