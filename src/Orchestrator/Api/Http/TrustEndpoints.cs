using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Orchestrator.Links;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>Joining and renewing. The first two are open to anyone: one shows what is public, the other asks for a token.</summary>
internal sealed partial class TrustEndpoints(Trust trust, ApiGate gate, ImmutableArray<string> advertise, ILogger log)
{
    private readonly ILogger _log = log;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(LinkProtocol.AuthorityPath, gate.Open(AuthorityAsync));
        routes.MapPost(LinkProtocol.JoinPath, gate.Open(JoinAsync));
        routes.MapPost(LinkProtocol.RenewPath, gate.For([CertificateRole.Agent, CertificateRole.Operator, CertificateRole.Viewer], RenewAsync));
    }

    private Task AuthorityAsync(HttpContext context)
    {
        context.Response.ContentType = "application/x-pem-file";
        return context.Response.WriteAsync(trust.AuthorityPem, context.RequestAborted);
    }

    private async Task JoinAsync(HttpContext context)
    {
        Limit(context);
        var request = await ApiGate.ReadAsync(context, LinkJson.Default.JoinRequest);
        var (certificate, identity) = trust.Join(request);
        LogJoined(CertificateIdentity.RoleWord(identity.Role), identity.Name, request.TokenId, context.Connection.RemoteIpAddress);
        await ApiGate.AnswerAsync(context, Reply(certificate), LinkJson.Default.CertificateReply);
    }

    private async Task RenewAsync(HttpContext context, CertificateIdentity caller)
    {
        Limit(context);
        var request = await ApiGate.ReadAsync(context, LinkJson.Default.RenewRequest);
        var certificate = trust.Renew(caller, request);
        LogRenewed(CertificateIdentity.RoleWord(caller.Role), caller.Name);
        await ApiGate.AnswerAsync(context, Reply(certificate), LinkJson.Default.CertificateReply);
    }

    private CertificateReply Reply(string certificate) => new() { Certificate = certificate, Coordinators = advertise };

    private static void Limit(HttpContext context)
    {
        var feature = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (feature is { IsReadOnly: false }) feature.MaxRequestBodySize = LinkProtocol.TrustMessageBytesMax;
    }
}
