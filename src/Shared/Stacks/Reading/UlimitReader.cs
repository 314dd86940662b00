using System.Collections.Immutable;

namespace Orchestrator.Stacks.Reading;

/// <summary><c>ulimits</c>: one number for both limits, or soft and hard; -1 is unlimited.</summary>
internal static class UlimitReader
{
    private sealed record Draft(long? Soft, long? Hard);

    private static readonly KeyTable<Draft> Keys = new()
    {
        { "soft", (d, v) => d with { Soft = v.Long(-1) } },
        { "hard", (d, v) => d with { Hard = v.Long(-1) } },
    };

    public static ImmutableSortedDictionary<string, UlimitSpec> Read(Value value)
    {
        var limits = ImmutableSortedDictionary.CreateBuilder<string, UlimitSpec>(StringComparer.Ordinal);
        foreach (var (key, child) in value.Entries())
        {
            if (ReadOne(child) is { } limit)
                limits[key.Text] = limit;
        }

        return limits.ToImmutable();
    }

    private static UlimitSpec? ReadOne(Value value)
    {
        if (!value.IsMap)
            return value.Long(-1) is { } both ? new UlimitSpec(both, both) : null;
        var missing = value.Find("soft") is null || value.Find("hard") is null;
        var (soft, hard) = Keys.Read(value, new Draft(null, null));
        if (missing)
            value.Error("needs both soft and hard", "give both, or one number for both");
        else if (hard >= 0 && (soft > hard || soft < 0))
            value.Error($"the soft limit {soft} is above the hard limit {hard}");
        return soft is { } s && hard is { } h ? new UlimitSpec(s, h) : null;
    }
}
