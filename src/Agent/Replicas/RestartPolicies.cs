using System.Globalization;
using Orchestrator.Engine;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Replicas;

/// <summary>The restart policy a container gets once it has passed, and its text in <c>orchestrator.restart</c>: <c>no</c>, <c>on-failure:3</c>, <c>unless-stopped</c>.</summary>
internal static class RestartPolicies
{
    public static RestartPolicy For(RestartSpec spec) => spec.Condition switch
    {
        RestartCondition.None => RestartPolicy.No,
        RestartCondition.OnFailure => new RestartPolicy("on-failure", RestartBudget.For(spec) is null ? spec.MaxAttempts : 0),
        RestartCondition.Any => new RestartPolicy("unless-stopped"),
        RestartCondition.Always => new RestartPolicy("always"),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.Condition, "unknown restart condition"),
    };

    public static string Format(RestartPolicy policy) => policy.MaximumRetryCount > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{policy.Name}:{policy.MaximumRetryCount}")
        : policy.Name;

    /// <summary>Null for what no release writes.</summary>
    public static RestartPolicy? Parse(string text) => text.Split(':') switch
    {
        ["on-failure", var max] when int.TryParse(max, NumberStyles.None, CultureInfo.InvariantCulture, out var retries) => new RestartPolicy("on-failure", retries),
        [("on-failure" or "unless-stopped" or "always") and var name] => new RestartPolicy(name),
        _ => null,
    };

    /// <summary>Engines write a policy that was never given as an empty name.</summary>
    public static bool IsNo(RestartPolicy policy) => policy.Name is "" or "no";
}
