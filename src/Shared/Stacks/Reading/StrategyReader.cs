namespace Orchestrator.Stacks.Reading;

/// <summary><c>x-orchestrator.strategy</c>: a word, or a mapping.</summary>
internal static class StrategyReader
{
    /// <summary>A rollout that nobody looks at for longer is forgotten, not watched.</summary>
    private static readonly TimeSpan MaxHold = TimeSpan.FromDays(7);

    internal static readonly KeyTable<StrategySpec> Keys = new()
    {
        { "type", (s, v) => s with { Kind = ReadKind(v) } },
        { "replicas", (s, v) => s with { Replicas = v.Int(1) } },
        { "percent", (s, v) => s with { Percent = v.Int(1, 100) } },
        { "hold", (s, v) => s with { Hold = ReadHold(v) } },
        { "promote", (s, v) => s with { IsManual = v.OneOf(("auto", false), ("manual", true)) ?? false } },
    };

    public static StrategySpec Read(Value value)
    {
        if (!value.IsMap)
            return new StrategySpec { Kind = ReadKind(value) };
        var strategy = Keys.Read(value, new StrategySpec());
        if (value.Find("type") is null)
            value.Error("`type` is missing", "write type: rolling, type: canary or type: blue-green");
        else if (strategy.Kind != StrategyKind.Canary)
            RefuseCanaryKeys(value, strategy.Kind);
        if (value.Find("replicas") is { } replicas && value.Find("percent") is { } percent)
            percent.Error($"`percent` stands beside `replicas` (at {replicas.Node.Place})", "keep one of the two");
        if (strategy.IsManual && value.Find("hold") is { } hold)
            hold.Error("`hold` ends nothing with promote: manual", "remove it, or set promote: auto");
        return strategy;
    }

    private static void RefuseCanaryKeys(Value value, StrategyKind kind)
    {
        foreach (var key in kind == StrategyKind.Rolling ? new[] { "replicas", "percent", "hold", "promote" } : ["replicas", "percent"])
        {
            if (value.KeyOf(key) is { } at)
                at.Error($"`{key}` means nothing for this type", kind == StrategyKind.Rolling ? "remove it; deploy.update_config says how a rolling update is done" : "remove it, or set type: canary");
        }
    }

    private static StrategyKind ReadKind(Value value) =>
        value.OneOf(("rolling", StrategyKind.Rolling), ("canary", StrategyKind.Canary), ("blue-green", StrategyKind.BlueGreen)) ?? StrategyKind.Rolling;

    private static TimeSpan? ReadHold(Value value)
    {
        if (value.Duration() is not { } hold)
            return null;
        if (hold <= MaxHold)
            return hold;
        value.Error($"must be at most {MaxHold.TotalDays:0}d", "set promote: manual to wait for somebody");
        return null;
    }
}
