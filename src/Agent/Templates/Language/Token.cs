namespace Orchestrator.Agent.Templates.Language;

internal enum TokenKind
{
    Text,
    Open,
    Close,
    Identifier,
    Field,
    Variable,
    String,
    Number,
    Dot,
    Pipe,
    LeftParenthesis,
    RightParenthesis,
    Declare,
    Assign,
    Comma,
    End,
}

/// <param name="Text">Without delimiters: a field without its dot, a variable with its <c>$</c>.</param>
/// <param name="Value">Of a string or a number.</param>
/// <param name="IsGlued">Nothing stands between it and the token before.</param>
internal sealed record Token(TokenKind Kind, string Text, Position Position, object? Value = null, bool IsGlued = false);
