using System.Collections.Immutable;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>Tokens → nodes. Names of variables and functions are checked here, so that a misspelt one is found before anything is rendered.</summary>
internal sealed class Parser(string file, List<Token> tokens)
{
    /// <summary>Deeper is a mistake or an attack, and would be the end of the stack.</summary>
    private const int DepthMax = 100;

    private static readonly string[] _keywords = ["if", "else", "end", "range", "with", "break", "continue", "define", "template", "block"];

    private readonly Stack<string> _variables = new(["$"]);
    private int _next;
    private int _depth;
    private int _ranges;

    private Token Peek => tokens[_next];

    public ImmutableArray<Node> Read()
    {
        var nodes = ReadNodes(out var ended);
        return ended is null ? nodes : throw Error(ended, $"{{{{{ended.Text}}}}} without an if, range or with before it", "take it away, or open what it ends");
    }

    private TemplateException Error(Token at, string what, string? remedy = null) => new(file, at.Position, what, remedy);

    private Token Take() => tokens[_next++];

    /// <param name="ended">The <c>else</c> or <c>end</c> that was met; its action is not closed yet. Null: the text is at its end.</param>
    private ImmutableArray<Node> ReadNodes(out Token? ended)
    {
        if (++_depth > DepthMax) throw Error(Peek, $"more than {DepthMax} levels", "split the template");
        var nodes = ImmutableArray.CreateBuilder<Node>();
        ended = null;
        while (Peek.Kind != TokenKind.End)
        {
            var token = Take();
            if (token.Kind == TokenKind.Text)
            {
                nodes.Add(new Node.Literal(token.Position, token.Text));
                continue;
            }

            var word = Peek;
            if (word is { Kind: TokenKind.Identifier, Text: "else" or "end" })
            {
                ended = Take();
                break;
            }

            nodes.Add(ReadAction(token));
        }

        _depth--;
        return nodes.ToImmutable();
    }

    private Node ReadAction(Token open)
    {
        if (Peek.Kind == TokenKind.Identifier)
        {
            switch (Peek.Text)
            {
                case "if" or "with":
                    return ReadBranch(Take());
                case "range":
                    return ReadRange(Take());
                case "break" or "continue":
                    var jump = Take();
                    if (_ranges == 0) throw Error(jump, $"{{{{{jump.Text}}}}} outside a range");
                    Close();
                    return jump.Text == "break" ? new Node.Break(jump.Position) : new Node.Continue(jump.Position);
                case "define" or "template" or "block":
                    throw Error(Peek, $"{{{{{Peek.Text}}}}} is not supported", "write the text where it is wanted, or make a resource of its own");
                default:
                    break;
            }
        }

        if (Peek.Kind == TokenKind.Close) throw Error(open, "this action is empty");
        var pipeline = ReadPipeline(maxVariables: 1);
        Close();
        return new Node.Print(open.Position, pipeline);
    }

    private Node ReadBranch(Token keyword)
    {
        var outer = _variables.Count;
        var condition = ReadPipeline(maxVariables: 1);
        Close();
        var then = ReadNodes(out var ended);
        var otherwise = ReadElse(keyword, ended, chain: keyword.Text == "if");
        Forget(outer);
        return keyword.Text == "if" ? new Node.If(keyword.Position, condition, then, otherwise) : new Node.With(keyword.Position, condition, then, otherwise);
    }

    private Node.Range ReadRange(Token keyword)
    {
        var outer = _variables.Count;
        var values = ReadPipeline(maxVariables: 2);
        Close();
        _ranges++;
        var body = ReadNodes(out var ended);
        _ranges--;
        var otherwise = ReadElse(keyword, ended, chain: false);
        Forget(outer);
        return new Node.Range(keyword.Position, values, body, otherwise);
    }

    private ImmutableArray<Node> ReadElse(Token keyword, Token? ended, bool chain)
    {
        if (ended is null) throw Error(keyword, $"{{{{{keyword.Text}}}}} is not ended", "add {{end}}");
        if (ended.Text == "end")
        {
            Close();
            return [];
        }

        if (Peek is { Kind: TokenKind.Identifier, Text: "if" })
        {
            if (!chain) throw Error(Peek, $"{{{{else if}}}} belongs to an if, not to a {keyword.Text}", "write {{else}}{{if …}}…{{end}}{{end}}");
            if (++_depth > DepthMax) throw Error(Peek, $"more than {DepthMax} levels", "split the template");
            var next = ReadBranch(Take());
            _depth--;
            return [next];
        }

        Close();
        var nodes = ReadNodes(out var end);
        if (end is null) throw Error(ended, "{{else}} is not ended", "add {{end}}");
        if (end.Text != "end") throw Error(end, "a second {{else}}", "take one of the two away");
        Close();
        return nodes;
    }

    private void Forget(int outer)
    {
        while (_variables.Count > outer) _variables.Pop();
    }

    private void Close()
    {
        var token = Take();
        if (token.Kind != TokenKind.Close) throw Error(token, $"'{token.Text}' is not expected here", "close the action with }}");
    }

    private Pipeline ReadPipeline(int maxVariables)
    {
        if (++_depth > DepthMax) throw Error(Peek, $"more than {DepthMax} levels", "keep intermediate results in variables");
        var first = Peek;
        var (names, assigns) = ReadVariables(maxVariables);
        var calls = ImmutableArray.CreateBuilder<Call>();
        do
        {
            calls.Add(ReadCall(isFirst: calls.Count == 0));
        }
        while (Peek.Kind == TokenKind.Pipe && Take() is not null);

        // A declared variable is known from here on, not in its own value.
        if (!assigns)
        {
            foreach (var name in names) _variables.Push(name);
        }

        _depth--;
        return new Pipeline(first.Position, names, assigns, calls.ToImmutable());
    }

    private (ImmutableArray<string> Names, bool Assigns) ReadVariables(int max)
    {
        if (Peek.Kind != TokenKind.Variable) return ([], false);
        var second = tokens[_next + 1];
        if (second.Kind is TokenKind.Declare or TokenKind.Assign) return Declared(count: 1);
        if (second.Kind != TokenKind.Comma) return ([], false);
        if (max < 2 || tokens[_next + 2].Kind != TokenKind.Variable || tokens[_next + 3].Kind is not (TokenKind.Declare or TokenKind.Assign)) throw Error(second, "a comma stands only between the two variables of a range", "write {{range $index, $value := …}}");
        return Declared(count: 2);
    }

    private (ImmutableArray<string> Names, bool Assigns) Declared(int count)
    {
        var names = ImmutableArray.CreateBuilder<string>();
        var places = new List<Token>();
        while (names.Count < count)
        {
            places.Add(Take());
            names.Add(places[^1].Text);
            if (names.Count < count) Take();
        }

        var assigns = Take().Kind == TokenKind.Assign;
        foreach (var place in places)
        {
            if (place.Text == "$") throw Error(place, "$ is the template's own value and cannot be set", "give the variable a name");
            if (assigns) RequireVariable(place);
        }

        return (names.ToImmutable(), assigns);
    }

    private Call ReadCall(bool isFirst)
    {
        var first = Peek;
        var words = ImmutableArray.CreateBuilder<Operand>();
        while (Peek.Kind is not (TokenKind.Close or TokenKind.Pipe or TokenKind.RightParenthesis)) words.Add(ReadOperand());
        if (words.Count == 0) throw Error(first, "a value or a function is missing here");
        if (!isFirst && words[0] is not Operand.Function) throw Error(first, "what follows a | is a function", "write it first: {{function value}}");
        return new Call(first.Position, words.ToImmutable());
    }

    private Operand ReadOperand()
    {
        var token = Take();
        Operand operand;
        switch (token.Kind)
        {
            case TokenKind.String or TokenKind.Number:
                return new Operand.Constant(token.Position, token.Value);
            case TokenKind.Identifier when token.Text is "true" or "false":
                return new Operand.Constant(token.Position, token.Text == "true");
            case TokenKind.Identifier when token.Text == "nil":
                return new Operand.Constant(token.Position, null);
            case TokenKind.Identifier:
                RequireFunction(token);
                return new Operand.Function(token.Position, token.Text);
            case TokenKind.Dot:
                return new Operand.Dot(token.Position);
            case TokenKind.Field:
                operand = new Operand.Field(token.Position, new Operand.Dot(token.Position), token.Text);
                break;
            case TokenKind.Variable:
                RequireVariable(token);
                operand = new Operand.Variable(token.Position, token.Text);
                break;
            case TokenKind.LeftParenthesis:
                operand = new Operand.Nested(token.Position, ReadPipeline(maxVariables: 0));
                var end = Take();
                if (end.Kind != TokenKind.RightParenthesis) throw Error(token, "this parenthesis is not closed");
                break;
            default:
                throw Error(token, token.Kind == TokenKind.End ? "the template ends inside an action" : $"'{token.Text}' is not expected here");
        }

        while (Peek is { Kind: TokenKind.Field, IsGlued: true })
        {
            var field = Take();
            operand = new Operand.Field(field.Position, operand, field.Text);
        }

        return operand;
    }

    private void RequireVariable(Token token)
    {
        if (!_variables.Contains(token.Text)) throw Error(token, $"there is no variable {token.Text} here", $"declare it before: {{{{{token.Text} := …}}}}");
    }

    private void RequireFunction(Token token)
    {
        if (_keywords.Contains(token.Text)) throw Error(token, $"{token.Text} stands first in its action", "close this action with }} and open another");
        if (Functions.Refused(token.Text) is { } reason) throw Error(token, $"the function {token.Text} is not supported", reason);
        if (!Functions.Exists(token.Text)) throw Error(token, $"there is no function {token.Text}", Functions.Nearest(token.Text) is { } nearest ? $"did you mean {nearest}?" : "docs/templates.md lists the functions");
    }
}
