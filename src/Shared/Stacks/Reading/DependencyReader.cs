using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service's <c>depends_on</c>; whether the services exist is checked when all are read.</summary>
internal static class DependencyReader
{
    private static readonly KeyTable<DependencySpec> Keys = new("restart")
    {
        {
            "condition",
            (d, v) => d with
            {
                Condition = v.OneOf(
                    ("service_started", DependencyCondition.Started),
                    ("service_healthy", DependencyCondition.Healthy),
                    ("service_completed_successfully", DependencyCondition.Completed)) ?? d.Condition,
            }
        },
        { "required", (d, v) => d with { Required = v.Bool() ?? d.Required } },
    };

    public static ImmutableArray<DependencySpec> Read(Value value)
    {
        if (!value.IsMap)
            return [.. value.Strings().Distinct(StringComparer.Ordinal).Select(s => new DependencySpec { Service = s })];
        return [.. value.Entries().Select(e => Keys.Read(e.Value, new DependencySpec { Service = e.Key.Text }))];
    }
}
