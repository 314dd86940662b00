using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Agent;
using Orchestrator.Changes;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Architecture;

/// <summary>Holds every type that is stored or sent to docs/decisions/0009-defaults-of-absent-properties.md.</summary>
public sealed class JsonDefaultsTests
{
    /// <summary>The engine's and etcd's answers are another's types, in which zero is the default; views and proofs are written and never read.</summary>
    private static readonly string[] Exempt = ["EngineJson", "EtcdJsonContext", "CliViewJson", "ProbeJson"];

    private static IEnumerable<JsonSerializerContext> Contexts =>
        from assembly in (Assembly[])[typeof(StackSpec).Assembly, typeof(AgentActor).Assembly, typeof(StackHead).Assembly]
        from type in assembly.GetTypes()
        where type.IsSealed && type.IsSubclassOf(typeof(JsonSerializerContext)) && !Exempt.Contains(type.Name)
        orderby type.Name
        select (JsonSerializerContext)type.GetProperty("Default", BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)!.GetValue(null)!;

    private static IEnumerable<JsonTypeInfo> Objects
    {
        get
        {
            var seen = new HashSet<(JsonSerializerContext, Type)>();
            return Contexts.SelectMany(context => Roots(context).SelectMany(root => Under(context, root))).Where(i => i.Kind == JsonTypeInfoKind.Object && !i.Type.IsAbstract).ToList();

            IEnumerable<JsonTypeInfo> Under(JsonSerializerContext context, Type type)
            {
                if (!seen.Add((context, type)) || context.Options.GetTypeInfo(type) is not { } info)
                    return [];
                var below = info.Properties.Select(p => p.PropertyType)
                    .Concat(info.ElementType is { } element ? [element] : [])
                    .Concat(info.PolymorphismOptions?.DerivedTypes.Select(d => d.DerivedType) ?? []);
                return below.SelectMany(t => Under(context, t)).Prepend(info);
            }
        }
    }

    private static IEnumerable<Type> Roots(JsonSerializerContext context) =>
        context.GetType().BaseType!.GetCustomAttributesData().Where(a => a.AttributeType == typeof(JsonSerializableAttribute)).Select(a => (Type)a.ConstructorArguments[0].Value!);

    [Fact]
    public void Every_context_makes_its_objects_with_their_defaults()
    {
        Assert.Equal(
            ["AgentJson", "ApiJson", "HttpJson", "LinkJson", "ProtocolJson", "SecurityJson", "SpecJson", "StoreJson"],
            Contexts.Select(c => c.GetType().Name));

        // One with a constructor's parameters loses the defaults of the init-only properties that it has besides.
        var lost =
            from info in Objects
            where info.CreateObject is null
            from property in info.Properties
            where property is { IsRequired: false, AssociatedParameter.IsMemberInitializer: true } && !KeepsDefault(Make(info), (PropertyInfo)property.AttributeProvider!)
            select $"{info.Type.FullName}.{property.Name}";
        Assert.Equal([], lost);

        static object Make(JsonTypeInfo info)
        {
            var constructor = (ConstructorInfo)info.ConstructorAttributeProvider!;
            return constructor.Invoke([.. constructor.GetParameters().Select(p => Zero(p.ParameterType))]);
        }

        // What generated code does with an absent one is to set zero, which the property may take for its default.
        static bool KeepsDefault(object made, PropertyInfo property)
        {
            var before = property.GetValue(made);
            property.SetValue(made, Zero(property.PropertyType));
            return Equals(before, property.GetValue(made));
        }

        static object? Zero(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    /// <summary>Null is not written; so null would be read as the default.</summary>
    [Fact]
    public void No_property_that_may_be_null_has_another_default()
    {
        var nullability = new NullabilityInfoContext();
        var lost =
            from info in Objects
            where info.CreateObject is not null
            let made = info.CreateObject!()
            from property in info.Properties
            where property.Get is not null && property.AttributeProvider is PropertyInfo p && nullability.Create(p).ReadState == NullabilityState.Nullable && property.Get(made) is not null
            select $"{info.Type.Name}.{property.Name}";

        Assert.Equal([], lost);
    }
}
