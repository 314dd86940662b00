using System.Linq.Expressions;
using System.Reflection;

namespace Orchestrator.Actors;

/// <summary>
/// The values of a constructor expression's arguments. What a lambda usually holds (constants, captured variables, members, casts) is
/// read directly; the rest is interpreted. Neither emits code at run time, so both work in trimmed and single-file programs.
/// </summary>
internal static class ArgumentValues
{
    internal static object[] Of(IReadOnlyList<Expression> arguments)
    {
        var values = new object?[arguments.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Value(arguments[i]);
        }
        return values!;
    }

    private static object? Value(Expression expression) => expression switch
    {
        ConstantExpression constant => constant.Value,
        MemberExpression { Member: FieldInfo field } member => field.GetValue(Target(member)),
        MemberExpression { Member: PropertyInfo property } member => property.GetValue(Target(member), BindingFlags.DoNotWrapExceptions, null, null, null),
        UnaryExpression { NodeType: ExpressionType.Convert, Method: null } cast when cast.Type.IsAssignableFrom(cast.Operand.Type) => Value(cast.Operand),
        _ => Interpret(expression),
    };

    private static object? Target(MemberExpression member) => member.Expression is { } target ? Value(target) : null;

    private static object? Interpret(Expression expression) =>
        Expression.Lambda<Func<object?>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)();
}
