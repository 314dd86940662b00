using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service's <c>healthcheck</c>.</summary>
internal static class HealthcheckReader
{
    private sealed record Draft(HealthcheckSpec Spec, bool Disable);

    private static readonly KeyTable<Draft> Keys = new()
    {
        { "test", (d, v) => d with { Spec = d.Spec with { Test = ReadTest(v) } } },
        { "interval", (d, v) => d with { Spec = d.Spec with { Interval = Positive(v) } } },
        { "timeout", (d, v) => d with { Spec = d.Spec with { Timeout = Positive(v) } } },
        { "retries", (d, v) => d with { Spec = d.Spec with { Retries = v.Int(0) } } },
        { "start_period", (d, v) => d with { Spec = d.Spec with { StartPeriod = v.Duration() } } },
        { "start_interval", (d, v) => d with { Spec = d.Spec with { StartInterval = Positive(v) } } },
        { "disable", (d, v) => d with { Disable = v.Bool() ?? false } },
    };

    public static HealthcheckSpec Read(Value value)
    {
        var (spec, disable) = Keys.Read(value, new Draft(new HealthcheckSpec(), false));
        if (!disable)
            return spec;
        if (spec.Test is not ([] or ["NONE"]))
            value.Find("test")?.Error("`test` stands beside `disable: true`", "keep one of the two");
        return spec with { Test = ["NONE"] };
    }

    private static ImmutableArray<string> ReadTest(Value value)
    {
        if (!value.IsList)
            return value.String() is { } shell ? ["CMD-SHELL", shell] : [];
        var test = value.Strings();
        if (test is ["CMD-SHELL", _] or ["CMD", _, ..] or ["NONE"] or [])
            return test;
        switch (test)
        {
            case ["CMD-SHELL", ..]:
                value.Error("CMD-SHELL takes one command line", "write it as one text, or use CMD");
                break;
            case ["CMD"]:
                value.Error("CMD has no command", "add the program to run");
                break;
            case ["NONE", ..]:
                value.Error("NONE stands alone", "remove what follows it");
                break;
            default:
                value.Error($"a test list starts with CMD, CMD-SHELL or NONE, but this one with `{test[0]}`", $"write [\"CMD\", \"{test[0]}\", …]");
                break;
        }

        return [];
    }

    /// <summary>The engine refuses less than a millisecond.</summary>
    private static TimeSpan? Positive(Value value)
    {
        var duration = value.Duration();
        if (duration is null || duration == TimeSpan.Zero || duration >= TimeSpan.FromMilliseconds(1))
            return duration == TimeSpan.Zero ? null : duration;
        value.Error("must be at least 1ms");
        return null;
    }
}
