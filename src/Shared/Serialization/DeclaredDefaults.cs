using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Serialization;

/// <summary>
/// Lets a property that the JSON lacks keep the default its type declares. Generated code sets every init-only property when it
/// makes an object, and gives an absent one the type's zero: a null dictionary, an <c>ImmutableArray</c> that cannot be enumerated.
/// See docs/decisions/0009-defaults-of-absent-properties.md.
/// </summary>
/// <remarks>
/// Objects are made by their parameterless constructor instead, and what the JSON has is set afterwards. Both members are the ones
/// that the generated code itself names (<c>typeof(T).GetProperty("…")</c>), so trimming and native compilation keep them.
/// Records with constructor parameters are left alone: their defaults are the parameters' own, which the generator honours. They must not
/// have init-only properties besides, other than required ones and those that take zero for their default.
/// </remarks>
public static class DeclaredDefaults
{
    /// <summary>The options of a generated context, for one that resolves its types through <see cref="Resolve"/>.</summary>
    public static JsonSerializerOptions OptionsOf(JsonSerializerContext generated) => new(generated.Options);

    public static JsonTypeInfo? Resolve(IJsonTypeInfoResolver generated, Type type, JsonSerializerOptions options)
    {
        var info = generated.GetTypeInfo(type, options);
        if (info is not { Kind: JsonTypeInfoKind.Object, CreateObject: null, Type.IsValueType: false, ConstructorAttributeProvider: ConstructorInfo constructor }
            || constructor.GetParameters().Length > 0)
            return info;

        var create = ConstructorInvoker.Create(constructor);
        info.CreateObject = () => create.Invoke()!;
        foreach (var property in info.Properties)
        {
            if (property.Set is null || property.AttributeProvider is not PropertyInfo { SetMethod: { } setter })
                continue;
            var set = MethodInvoker.Create(setter);
            property.Set = (target, value) => set.Invoke(target, value);
        }

        return info;
    }
}
