namespace Orchestrator.Api.Http;

/// <summary>The API's paths, for both ends.</summary>
internal static class ApiRoutes
{
    public const string Version = "/v1/version";
    public const string Plan = "/v1/plan";
    public const string PlanFile = "/v1/plan/file";
    public const string Diff = "/v1/diff";
    public const string Changes = "/v1/changes";
    public const string Replicas = "/v1/replicas";
    public const string Stacks = "/v1/stacks";
    public const string History = "/v1/stacks/{stack}/history";
    public const string Explanation = "/v1/stacks/{stack}/explanation";
    public const string Events = "/v1/events";
    public const string Maintenance = "/v1/maintenance";
    public const string Hosts = "/v1/hosts";
    public const string Host = "/v1/hosts/{host}";
    public const string Logs = "/v1/logs";
    public const string Tokens = "/v1/tokens";
    public const string Token = "/v1/tokens/{id}";

    public const string Ndjson = "application/x-ndjson";

    public static string HistoryOf(string stack) => $"/v1/stacks/{Uri.EscapeDataString(stack)}/history";

    public static string ExplanationOf(string stack, string? service) =>
        $"/v1/stacks/{Uri.EscapeDataString(stack)}/explanation" + (service is null ? "" : $"?service={Uri.EscapeDataString(service)}");

    public static string HostOf(string host) => $"/v1/hosts/{Uri.EscapeDataString(host)}";

    public static string TokenOf(string id) => $"/v1/tokens/{Uri.EscapeDataString(id)}";
}
