using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Orchestrator.Links;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary><see cref="ICoordinator"/> over HTTPS: viewers read, operators change.</summary>
/// <param name="stopping">Cancelled when the server stops; ends streams.</param>
internal sealed partial class ApiEndpoints(ICoordinator coordinator, Trust trust, ApiGate gate, ApiTimes times, TimeProvider time, ILogger log, CancellationToken stopping)
{
    private readonly ILogger _log = log;

    public void Map(IEndpointRouteBuilder routes)
    {
        Read(routes, ApiRoutes.Version, async c => await ApiGate.AnswerAsync(c, await coordinator.VersionAsync(c.RequestAborted), ApiJson.Default.CoordinatorVersion));
        Read(routes, ApiRoutes.Replicas, ReplicasAsync);
        Read(routes, ApiRoutes.Stacks, async c => await ApiGate.AnswerAsync(c, await coordinator.StacksAsync(c.RequestAborted), ApiJson.Default.ImmutableArrayStackView));
        Read(routes, ApiRoutes.History, async c => await ApiGate.AnswerAsync(c, await coordinator.HistoryAsync(Value(c, "stack"), c.RequestAborted), ApiJson.Default.ImmutableArrayRevisionView));
        Read(routes, ApiRoutes.Hosts, async c => await ApiGate.AnswerAsync(c, await coordinator.HostsAsync(c.RequestAborted), ApiJson.Default.ImmutableArrayHostView));
        Read(routes, ApiRoutes.Explanation, async c => await ApiGate.AnswerAsync(c, await coordinator.ExplainAsync(Value(c, "stack"), c.Request.Query["service"].FirstOrDefault(), c.RequestAborted), ApiJson.Default.ExplanationView));
        routes.MapPost(ApiRoutes.Events, gate.For([CertificateRole.Operator, CertificateRole.Viewer], EventsAsync));
        routes.MapPost(ApiRoutes.Plan, gate.For([CertificateRole.Operator, CertificateRole.Viewer], PlanAsync));
        routes.MapPost(ApiRoutes.PlanFile, gate.For([CertificateRole.Operator, CertificateRole.Viewer], PlanFileAsync));
        routes.MapPost(ApiRoutes.Diff, gate.For([CertificateRole.Operator, CertificateRole.Viewer], DiffAsync));
        routes.MapPost(ApiRoutes.Logs, gate.For([CertificateRole.Operator, CertificateRole.Viewer], LogsAsync));

        // A viewer may follow a change; anything else is refused within.
        routes.MapPost(ApiRoutes.Changes, gate.For([CertificateRole.Operator, CertificateRole.Viewer], ChangeAsync));
        routes.MapPost(ApiRoutes.Maintenance, gate.For([CertificateRole.Operator], MaintainAsync));
        routes.MapDelete(ApiRoutes.Host, gate.For([CertificateRole.Operator], RemoveHostAsync));
        routes.MapGet(ApiRoutes.Tokens, gate.For([CertificateRole.Operator], ListTokensAsync));
        routes.MapPost(ApiRoutes.Tokens, gate.For([CertificateRole.Operator], CreateTokenAsync));
        routes.MapDelete(ApiRoutes.Token, gate.For([CertificateRole.Operator], RevokeTokenAsync));
    }

    private void Read(IEndpointRouteBuilder routes, string path, Func<HttpContext, Task> handler) =>
        routes.MapGet(path, gate.For([CertificateRole.Operator, CertificateRole.Viewer], (context, _) => handler(context)));

    private async Task ReplicasAsync(HttpContext context)
    {
        var stack = context.Request.Query["stack"].FirstOrDefault();
        var all = context.Request.Query["all"] == "true";
        await ApiGate.AnswerAsync(context, await coordinator.ReplicasAsync(stack, all, context.RequestAborted), ApiJson.Default.ImmutableArrayReplicaView);
    }

    private async Task PlanAsync(HttpContext context, CertificateIdentity caller)
    {
        var request = await ApiGate.ReadAsync(context, ApiJson.Default.ChangeRequest);
        await ApiGate.AnswerAsync(context, await coordinator.PlanAsync(request, context.RequestAborted), ApiJson.Default.Plan);
    }

    private async Task PlanFileAsync(HttpContext context, CertificateIdentity caller)
    {
        if (await ApiGate.ReadAsync(context, ApiJson.Default.ChangeRequest) is not ChangeRequest.Deploy request) throw new CoordinatorException(CoordinatorErrorKind.Invalid, "a plan file is made of a deploy");
        await ApiGate.AnswerAsync(context, await coordinator.PlanFileAsync(request, context.RequestAborted), ApiJson.Default.PlanFile);
    }

    /// <summary>Values of an environment are for those who could have set them.</summary>
    private async Task DiffAsync(HttpContext context, CertificateIdentity caller)
    {
        var query = await ApiGate.ReadAsync(context, ApiJson.Default.DiffQuery);
        if (query.Values && caller.Role != CertificateRole.Operator) throw ApiGate.Denied(context, caller, CertificateRole.Operator);
        await ApiGate.AnswerAsync(context, await coordinator.DiffAsync(query, context.RequestAborted), ApiJson.Default.StackDiff);
    }

    private async Task ChangeAsync(HttpContext context, CertificateIdentity caller)
    {
        var request = await ApiGate.ReadAsync(context, ApiJson.Default.ChangeRequest) with { By = caller.Name };
        if (request is not ChangeRequest.Watch)
        {
            if (caller.Role != CertificateRole.Operator) throw ApiGate.Denied(context, caller, CertificateRole.Operator);
            LogChange(caller.Name, request.GetType().Name, request.Stack);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await NdjsonStream.WriteAsync(context, coordinator.ChangeAsync(request, either.Token), ApiJson.Default.ChangeEvent, times.KeepAlive, time, either.Token);
    }

    private async Task EventsAsync(HttpContext context, CertificateIdentity caller)
    {
        var query = await ApiGate.ReadAsync(context, ApiJson.Default.EventsQuery);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await NdjsonStream.WriteAsync(context, coordinator.EventsAsync(query, either.Token), ApiJson.Default.StackEvent, times.KeepAlive, time, either.Token);
    }

    private async Task LogsAsync(HttpContext context, CertificateIdentity caller)
    {
        var query = await ApiGate.ReadAsync(context, ApiJson.Default.LogsQuery);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        await NdjsonStream.WriteAsync(context, coordinator.LogsAsync(query, either.Token), ApiJson.Default.LogView, times.KeepAlive, time, either.Token);
    }

    private async Task MaintainAsync(HttpContext context, CertificateIdentity caller)
    {
        var request = await ApiGate.ReadAsync(context, ApiJson.Default.MaintenanceRequest) with { By = caller.Name };
        LogMaintenance(caller.Name, request.Stack, request.Service, request.On ? "on" : "off");
        await ApiGate.AnswerAsync(context, await coordinator.SetMaintenanceAsync(request, context.RequestAborted), ApiJson.Default.MaintenanceView);
    }

    private async Task RemoveHostAsync(HttpContext context, CertificateIdentity caller)
    {
        var host = Value(context, "host");
        await coordinator.RemoveHostAsync(host, context.RequestAborted);
        trust.Revoke(new CertificateIdentity(host, CertificateRole.Agent));
        LogHostRemoved(caller.Name, host);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task ListTokensAsync(HttpContext context, CertificateIdentity caller)
    {
        ImmutableArray<TokenView> views = [.. trust.Tokens.List().Select(t => new TokenView(t.Id, CertificateIdentity.RoleWord(t.Role), t.Expires, t.UsesLeft))];
        return ApiGate.AnswerAsync(context, views, HttpJson.Default.ImmutableArrayTokenView);
    }

    private async Task CreateTokenAsync(HttpContext context, CertificateIdentity caller)
    {
        var request = await ApiGate.ReadAsync(context, HttpJson.Default.TokenRequest);
        var token = trust.CreateToken(request.Role, request.Lifetime, request.Uses);
        LogTokenCreated(caller.Name, token.Id, request.Role);
        await ApiGate.AnswerAsync(context, new TokenReply(token.Reveal()), HttpJson.Default.TokenReply);
    }

    private Task RevokeTokenAsync(HttpContext context, CertificateIdentity caller)
    {
        var id = Value(context, "id");
        if (!trust.Tokens.Revoke(id)) throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"there is no join token {id}: it was used up, has expired, or was revoked before");
        LogTokenRevoked(caller.Name, id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static string Value(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}
