using System.Collections.Immutable;

namespace Orchestrator.Agent.Templates.Resources;

/// <summary>A value with its place; both numbers count from 1.</summary>
internal abstract record TomlValue(int Line, int Column)
{
    public sealed record Text(int Line, int Column, string Value) : TomlValue(Line, Column);

    public sealed record Whole(int Line, int Column, long Value) : TomlValue(Line, Column);

    public sealed record Flag(int Line, int Column, bool Value) : TomlValue(Line, Column);

    public sealed record List(int Line, int Column, ImmutableArray<TomlValue> Values) : TomlValue(Line, Column);

    public string Kind => this switch
    {
        Text => "a string",
        Whole => "a number",
        Flag => "a boolean",
        _ => "an array",
    };
}
