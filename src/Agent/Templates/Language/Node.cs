using System.Collections.Immutable;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>What a template is made of.</summary>
internal abstract record Node(Position Position)
{
    public sealed record Literal(Position Position, string Text) : Node(Position);

    public sealed record Print(Position Position, Pipeline Pipeline) : Node(Position);

    public sealed record If(Position Position, Pipeline Condition, ImmutableArray<Node> Then, ImmutableArray<Node> Else) : Node(Position);

    public sealed record With(Position Position, Pipeline Value, ImmutableArray<Node> Then, ImmutableArray<Node> Else) : Node(Position);

    public sealed record Range(Position Position, Pipeline Values, ImmutableArray<Node> Body, ImmutableArray<Node> Else) : Node(Position);

    public sealed record Break(Position Position) : Node(Position);

    public sealed record Continue(Position Position) : Node(Position);
}

/// <param name="Variables">With their <c>$</c>: none, one, or for a range two.</param>
/// <param name="Assigns">True for <c>=</c>, which changes variables that exist.</param>
internal sealed record Pipeline(Position Position, ImmutableArray<string> Variables, bool Assigns, ImmutableArray<Call> Calls);

/// <summary>A function with its arguments, or one value.</summary>
internal sealed record Call(Position Position, ImmutableArray<Operand> Words);

internal abstract record Operand(Position Position)
{
    public sealed record Constant(Position Position, object? Value) : Operand(Position);

    public sealed record Dot(Position Position) : Operand(Position);

    public sealed record Variable(Position Position, string Name) : Operand(Position);

    public sealed record Function(Position Position, string Name) : Operand(Position);

    public sealed record Nested(Position Position, Pipeline Pipeline) : Operand(Position);

    public sealed record Field(Position Position, Operand Of, string Name) : Operand(Position);
}
