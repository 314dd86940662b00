using System.Globalization;

namespace Orchestrator.Stacks.Reading;

/// <summary><c>restart</c> and <c>deploy.restart_policy</c>.</summary>
internal static class RestartReader
{
    internal static readonly KeyTable<RestartSpec> Keys = new()
    {
        { "condition", (r, v) => r with { Condition = v.OneOf(("any", RestartCondition.Any), ("on-failure", RestartCondition.OnFailure), ("none", RestartCondition.None)) ?? r.Condition } },
        { "delay", (r, v) => r with { Delay = v.Duration() ?? r.Delay } },
        { "max_attempts", (r, v) => r with { MaxAttempts = v.Int(0) ?? r.MaxAttempts } },
        { "window", (r, v) => r with { Window = v.Duration() ?? r.Window } },
    };

    public static RestartSpec Read(Value value) => Keys.Read(value, new RestartSpec());

    public static RestartSpec? ReadShort(Value value)
    {
        // `restart: no` is text to Compose but false to YAML 1.1 editors, which write it back so.
        if (value.Node is Yaml.Node.Scalar { Kind: Yaml.ScalarKind.Boolean, Text: "false" })
            return new RestartSpec { Condition = RestartCondition.None };
        if (value.String() is not { } text)
            return null;
        const string retries = "on-failure:";
        if (text.StartsWith(retries, StringComparison.Ordinal))
        {
            if (int.TryParse(text[retries.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var attempts))
                return new RestartSpec { Condition = RestartCondition.OnFailure, MaxAttempts = attempts };
            value.Error($"`{text}`: after on-failure: comes the number of attempts", "write on-failure:3");
            return null;
        }

        return value.OneOf(
            ("no", RestartCondition.None),
            ("always", RestartCondition.Always),
            ("on-failure", RestartCondition.OnFailure),
            ("unless-stopped", RestartCondition.Any)) is { } condition ? new RestartSpec { Condition = condition } : null;
    }
}
