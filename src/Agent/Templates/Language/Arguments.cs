namespace Orchestrator.Agent.Templates.Language;

/// <summary>A function's arguments, with messages for those that are missing or of the wrong kind. Throws <see cref="FormatException"/>.</summary>
internal sealed class Arguments(string function, List<object?> values, RenderContext context)
{
    public RenderContext Context => context;

    public int Count => values.Count;

    public IReadOnlyList<object?> All => values;

    public object? this[int i] => values[i];

    public string String(int i) => values[i] as string ?? throw Wrong(i, "a string");

    /// <summary>A whole number; one written as text, as all values of keys are, is not taken for one.</summary>
    public long Whole(int i) => values[i] is long n ? n : throw Wrong(i, "a whole number" + (values[i] is string ? " (atoi makes one of a string)" : ""));

    public IReadOnlyList<object?> List(int i) => values[i] as IReadOnlyList<object?> ?? throw Wrong(i, "a list");

    public Arguments Require(int min, int max)
    {
        if (Count >= min && Count <= max) return this;
        var wanted = min == max ? $"{min}" : max == int.MaxValue ? $"at least {min}" : $"{min} to {max}";
        throw new FormatException($"{function} wants {wanted} argument{(wanted == "1" ? "" : "s")} and got {Count}");
    }

    public FormatException Wrong(int i, string wanted) => new($"{function}: argument {i + 1} is to be {wanted}, not {Values.Kind(values[i])}");

    public FormatException Error(string what) => new($"{function}: {what}");
}
