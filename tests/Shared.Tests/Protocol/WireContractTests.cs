using System.Text;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Protocol;

namespace Orchestrator.Shared.Tests.Protocol;

/// <summary>Holds the wire to <c>wire-contract.txt</c>: agents and coordinators of two releases meet there.</summary>
public sealed class WireContractTests
{
    [Fact]
    public void Wire_is_what_the_committed_contract_says()
    {
        var actual = Describe(
            ProtocolJson.Default.LinkFrame,
            LinkJson.Default.JoinRequest,
            LinkJson.Default.CertificateReply,
            LinkJson.Default.RenewRequest,
            LinkJson.Default.LinkProblem);
        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Protocol", "wire-contract.txt"));

        Assert.True(
            expected == actual,
            $"The wire has changed. A property that is added must have a default; one that is gone stays reserved; anything else raises LinkProtocol.VersionMax. If it is meant, replace tests/Shared.Tests/Protocol/wire-contract.txt by:\n{actual}");
    }

    private static string Describe(params JsonTypeInfo[] roots)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var root in roots) Describe(root, lines);
        return string.Join("\n", lines.Values).TrimEnd() + "\n";
    }

    private static void Describe(JsonTypeInfo type, SortedDictionary<string, string> lines)
    {
        var name = NameOf(type.Type);
        if (type.Type.IsEnum)
        {
            lines[name] = $"{name} = {string.Join(" | ", Enum.GetNames(type.Type))}\n";
            return;
        }

        if (type.ElementType is { } element) Describe(type.Options.GetTypeInfo(element), lines);
        if (Nullable.GetUnderlyingType(type.Type) is { } underlying) Describe(type.Options.GetTypeInfo(underlying), lines);
        if (type.Kind != JsonTypeInfoKind.Object || lines.ContainsKey(name)) return;

        var text = new StringBuilder($"{name}\n");
        lines[name] = "";
        if (type.PolymorphismOptions is { } family)
        {
            foreach (var derived in family.DerivedTypes.OrderBy(d => (string)d.TypeDiscriminator!, StringComparer.Ordinal))
            {
                text.Append($"  {family.TypeDiscriminatorPropertyName}={derived.TypeDiscriminator}: {NameOf(derived.DerivedType)}\n");
                Describe(type.Options.GetTypeInfo(derived.DerivedType), lines);
            }
        }
        else
        {
            foreach (var property in type.Properties.OrderBy(p => p.Name, StringComparer.Ordinal))
            {
                text.Append($"  {property.Name}: {NameOf(property.PropertyType)}{(property.IsRequired ? " (required)" : "")}\n");
                Describe(type.Options.GetTypeInfo(property.PropertyType), lines);
            }
        }

        lines[name] = text.ToString();
    }

    private static string NameOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying) return NameOf(underlying) + "?";
        if (type.IsGenericType) return $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
        return type.DeclaringType is { } outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;
    }
}
