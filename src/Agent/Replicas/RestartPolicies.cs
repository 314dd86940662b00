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

    /// <summary>Engines write a policy that was never given as an empty name.</summary>
    public static bool IsNo(RestartPolicy policy) => policy.Name is "" or "no";
}
