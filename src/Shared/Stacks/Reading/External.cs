namespace Orchestrator.Stacks.Reading;

/// <summary><c>external: true</c>: the thing exists already, so nothing but its name may be said of it.</summary>
internal static class External
{
    /// <summary>The old form <c>external: {name: x}</c> gives a name as well.</summary>
    public static (bool External, string? Name) Read(Value value)
    {
        if (!value.IsMap)
            return (value.Bool() ?? false, null);
        value.Warn("`external: {name: …}` is obsolete", "write `external: true` and `name:` beside it");
        return (true, value.Find("name")?.String());
    }

    public static void RefuseOthers(Value value)
    {
        foreach (var (key, child) in value.Entries())
        {
            if (key.Text is not ("external" or "name") && !key.Text.StartsWith("x-", StringComparison.Ordinal))
                value.Context.Diagnostics.Error(key.Place, child.Path, $"`{key.Text}` stands beside `external: true`, which says it is managed elsewhere", $"remove `{key.Text}` or `external`");
        }
    }
}
