using System.Reflection;

namespace Orchestrator.Actors.Tests.Conformance;

/// <summary>Writes a member of ours the way the lists write Akka.NET's.</summary>
internal static class Signature
{
    internal static string Of(MethodBase method) =>
        $"{Access(method)}{(method.IsStatic ? "static " : "")}{Name(method)}({string.Join(", ", method.GetParameters().Select(Of))})";

    internal static string Of(PropertyInfo property)
    {
        var accessor = Visible(property.GetMethod) ?? Visible(property.SetMethod)!;
        return $"{Access(accessor)}{(accessor.IsStatic ? "static " : "")}{Of(property.PropertyType)} {property.Name}";
    }

    internal static string Of(FieldInfo field) =>
        field.DeclaringType!.IsEnum
            ? $"{field.Name} = {(int)field.GetRawConstantValue()!}"
            : $"{(field.IsPublic ? "public" : "protected")} {(field.IsStatic ? "static " : "")}{Of(field.FieldType)} {field.Name}";

    internal static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    internal static MethodInfo? Visible(MethodInfo? method) => method is not null && IsVisible(method) ? method : null;

    private static string Access(MethodBase method) => method.IsPublic ? "public " : "protected ";

    private static string Name(MethodBase method)
    {
        if (method is not MethodInfo info)
        {
            return ".ctor";
        }
        var generic = info.IsGenericMethodDefinition ? $"<{string.Join(", ", info.GetGenericArguments().Select(Constrained))}>" : "";
        return $"{Of(info.ReturnType)} {info.Name}{generic}";
    }

    private static string Constrained(Type parameter)
    {
        var attributes = parameter.GenericParameterAttributes;
        List<string> constraints = attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint) ? ["class"] : [];
        constraints.AddRange(parameter.GetGenericParameterConstraints().Select(Of));
        if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
        {
            constraints.Add("new()");
        }
        return constraints.Count == 0 ? parameter.Name : $"{parameter.Name}:{string.Join('&', constraints)}";
    }

    private static string Of(ParameterInfo parameter)
    {
        var extension = parameter.Position == 0
            && parameter.Member.IsDefined(typeof(System.Runtime.CompilerServices.ExtensionAttribute), false) ? "this " : "";
        var many = parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params " : "";
        return $"{extension}{many}{Of(parameter.ParameterType)} {parameter.Name}{Default(parameter)}";
    }

    private static string Default(ParameterInfo parameter)
    {
        if (!parameter.HasDefaultValue)
        {
            return "";
        }
        return parameter.DefaultValue switch
        {
            null when parameter.ParameterType.IsValueType && Nullable.GetUnderlyingType(parameter.ParameterType) is null => " = default",
            null => " = null",
            string text => $" = \"{text}\"",
            bool flag => flag ? " = true" : " = false",
            var value => $" = {value}",
        };
    }

    internal static string Of(Type type)
    {
        if (type.IsByRef)
        {
            return $"ref {Of(type.GetElementType()!)}";
        }
        if (type.IsArray)
        {
            return $"{Of(type.GetElementType()!)}[]";
        }
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Of(value)}?";
        }
        if (type.IsGenericType)
        {
            return $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>";
        }
        return type == typeof(object) ? "object"
            : type == typeof(string) ? "string"
            : type == typeof(int) ? "int"
            : type == typeof(bool) ? "bool"
            : type == typeof(long) ? "long"
            : type == typeof(void) ? "void"
            : type.Name;
    }
}
