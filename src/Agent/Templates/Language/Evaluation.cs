using System.Collections.Immutable;
using System.Text;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>One rendering of one template.</summary>
internal sealed class Evaluation(string file, RenderContext context, CancellationToken cancellation)
{
    /// <summary>Nodes and calls: far above any configuration, far below a minute.</summary>
    private const int StepsMax = 2_000_000;

    private const int OutputCharactersMax = 16 * 1024 * 1024;

    private readonly StringBuilder _output = new();
    private readonly List<Variable> _variables = [new("$", null)];
    private object? _dot;
    private int _steps;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public string Run(ImmutableArray<Node> nodes)
    {
        Execute(nodes);
        return _output.ToString();
    }

    private Flow Execute(ImmutableArray<Node> nodes)
    {
        foreach (var node in nodes)
        {
            Step(node.Position);
            var flow = Execute(node);
            if (flow != Flow.Next) return flow;
        }

        return Flow.Next;
    }

    private Flow Execute(Node node)
    {
        switch (node)
        {
            case Node.Literal literal:
                Write(literal.Position, literal.Text);
                return Flow.Next;
            case Node.Print print:
                var value = Evaluate(print.Pipeline);
                if (!print.Pipeline.Variables.IsEmpty) return Flow.Next;

                // Go would write "<no value>" into the file.
                Write(print.Position, value is null ? throw Error(print.Position, "there is no value to write", "test for it with {{if}} or {{with}}") : Values.Text(value));
                return Flow.Next;
            case Node.If branch:
                return Scoped(() => Execute(Values.IsTrue(Evaluate(branch.Condition)) ? branch.Then : branch.Else));
            case Node.With with:
                return Scoped(() =>
                {
                    var given = Evaluate(with.Value);
                    return Values.IsTrue(given) ? At(given, with.Then) : Execute(with.Else);
                });
            case Node.Range range:
                return Scoped(() => Repeat(range));
            case Node.Break:
                return Flow.Break;
            case Node.Continue:
                return Flow.Continue;
            default:
                throw new InvalidOperationException($"no such node: {node}");
        }
    }

    private Flow Scoped(Func<Flow> run)
    {
        var (outer, dot) = (_variables.Count, _dot);
        var flow = run();
        _variables.RemoveRange(outer, _variables.Count - outer);
        _dot = dot;
        return flow;
    }

    private Flow At(object? dot, ImmutableArray<Node> nodes)
    {
        _dot = dot;
        return Execute(nodes);
    }

    private Flow Repeat(Node.Range range)
    {
        var values = Evaluate(range.Values, declares: false);
        var any = false;
        foreach (var (key, value) in Pairs(range, values))
        {
            any = true;
            var flow = Scoped(() =>
            {
                Name(range.Values, key, value);
                return At(value, range.Body);
            });
            if (flow == Flow.Break) break;
        }

        if (!any) return Execute(range.Else);
        return Flow.Next;
    }

    private IEnumerable<(object Key, object? Value)> Pairs(Node.Range range, object? values) => values switch
    {
        null => [],
        IReadOnlyList<object?> list => list.Select((value, i) => ((object)(long)i, value)),
        IReadOnlyDictionary<string, object?> map => map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => ((object)p.Key, p.Value)),
        long count => Count(count),
        _ => throw Error(range.Position, $"range wants a list, a map or a number, not {Values.Kind(values)}"),
    };

    private static IEnumerable<(object Key, object? Value)> Count(long count)
    {
        for (var i = 0L; i < count; i++) yield return (i, i);
    }

    /// <summary>One variable takes the value; of two the first takes index or key.</summary>
    private void Name(Pipeline pipeline, object key, object? value)
    {
        var names = pipeline.Variables;
        if (names.Length == 2) Set(names[0], key, pipeline.Assigns);
        if (names.Length > 0) Set(names[^1], value, pipeline.Assigns);
    }

    private void Set(string name, object? value, bool assigns)
    {
        if (assigns) _variables[_variables.FindLastIndex(v => v.Name == name)] = new Variable(name, value);
        else _variables.Add(new Variable(name, value));
    }

    private object? Evaluate(Pipeline pipeline, bool declares = true)
    {
        object? value = null;
        for (var i = 0; i < pipeline.Calls.Length; i++) value = Evaluate(pipeline.Calls[i], i > 0, value);
        if (declares && !pipeline.Variables.IsEmpty) Set(pipeline.Variables[0], value, pipeline.Assigns);
        return value;
    }

    private object? Evaluate(Call call, bool isPiped, object? piped)
    {
        Step(call.Position);
        var rest = call.Words.AsSpan()[1..];
        if (call.Words[0] is not Operand.Function function)
        {
            return rest.IsEmpty ? Evaluate(call.Words[0]) : throw Error(rest[0].Position, "only a function takes arguments", "put them behind one, or in parentheses");
        }

        if (function.Name is "and" or "or") return Shortcut(function, rest, isPiped, piped);
        var arguments = new List<object?>(rest.Length + 1);
        foreach (var word in rest) arguments.Add(Evaluate(word));
        if (isPiped) arguments.Add(piped);
        return Invoke(function, arguments);
    }

    /// <summary>The first that decides; what stands behind it is not evaluated.</summary>
    private object? Shortcut(Operand.Function function, ReadOnlySpan<Operand> rest, bool isPiped, object? piped)
    {
        if (rest.IsEmpty && !isPiped) throw Error(function.Position, $"{function.Name} wants at least one argument");
        object? value = null;
        foreach (var word in rest)
        {
            value = Evaluate(word);
            if (Values.IsTrue(value) == (function.Name == "or")) return value;
        }

        return isPiped ? piped : value;
    }

    private object? Evaluate(Operand operand) => operand switch
    {
        Operand.Constant constant => constant.Value,
        Operand.Dot => _dot,
        Operand.Variable variable => _variables.FindLast(v => v.Name == variable.Name)!.Value,
        Operand.Function function => function.Name is "and" or "or" ? throw Error(function.Position, $"{function.Name} wants at least one argument") : Invoke(function, []),
        Operand.Nested nested => Evaluate(nested.Pipeline),
        Operand.Field field => FieldOf(field),
        _ => throw new InvalidOperationException($"no such operand: {operand}"),
    };

    private object? FieldOf(Operand.Field field)
    {
        var of = Evaluate(field.Of);
        return of switch
        {
            KeyValue pair when field.Name == "Key" => pair.Key,
            KeyValue pair when field.Name == "Value" => pair.Value,
            KeyValue => throw Error(field.Position, $"a key with its value has no field .{field.Name}", "it has .Key and .Value"),
            IReadOnlyDictionary<string, object?> map => map.GetValueOrDefault(field.Name),
            _ => throw Error(field.Position, $"{Values.Kind(of)} has no field .{field.Name}", of is null ? "inside range and with, . is the current value; use getv for a key's value" : "json makes a map of a string"),
        };
    }

    private object? Invoke(Operand.Function function, List<object?> arguments)
    {
        Step(function.Position);
        try
        {
            return Functions.Invoke(function.Name, new Arguments(function.Name, arguments, context));
        }
        catch (FormatException e)
        {
            throw Error(function.Position, e.Message);
        }
    }

    private void Write(Position position, string text)
    {
        if (_output.Length + text.Length > OutputCharactersMax) throw Error(position, "the output is larger than 16 MiB");
        _output.Append(text);
    }

    private void Step(Position position)
    {
        cancellation.ThrowIfCancellationRequested();
        if (++_steps > StepsMax) throw Error(position, $"this template takes more than {StepsMax} steps", "narrow its keys, or its ranges");
    }

    private TemplateException Error(Position position, string what, string? remedy = null) => new(file, position, what, remedy);

    private sealed record Variable(string Name, object? Value);
}
