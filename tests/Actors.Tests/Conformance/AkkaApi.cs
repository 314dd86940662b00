using System.Text.RegularExpressions;

namespace Orchestrator.Actors.Tests.Conformance;

/// <summary>Akka.NET's public signatures as the committed lists give them, by simple type name.</summary>
internal sealed partial class AkkaApi
{
    private readonly Dictionary<string, AkkaType> _types = new(StringComparer.Ordinal);

    internal static AkkaApi Load()
    {
        var api = new AkkaApi();
        foreach (var file in new[] { "core.txt", "testkit.txt", "supplement.txt" })
        {
            using var stream = typeof(AkkaApi).Assembly.GetManifestResourceStream(file)
                ?? throw new InvalidOperationException($"{file} is not embedded; see AkkaApi/ and the project file.");
            using var reader = new StreamReader(stream);
            api.Read(reader);
        }
        return api;
    }

    internal AkkaType? Find(string name) => _types.GetValueOrDefault(name);

    /// <summary>The type and all it inherits from, as far as listed.</summary>
    internal IEnumerable<AkkaType> WithBases(string name)
    {
        var pending = new Stack<string>([name]);
        while (pending.TryPop(out var next))
        {
            if (Find(next) is { } type)
            {
                yield return type;
                foreach (var inherited in type.Inherits)
                {
                    pending.Push(inherited);
                }
            }
        }
    }

    private void Read(StreamReader reader)
    {
        AkkaType? current = null;
        while (reader.ReadLine() is { } line)
        {
            if (Header().Match(line) is { Success: true } header)
            {
                current = new AkkaType(
                    header.Groups["kind"].Value,
                    [.. SplitTop(header.Groups["bases"].Value).Select(b => Generic().Replace(b, "")).Where(b => b.Length > 0)]);
                _types[header.Groups["name"].Value] = current;
            }
            else if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                current!.Add(Substituted(line.Trim()));
            }
        }
    }

    // EventStream inherits its bus with these type arguments.
    private static string Substituted(string line) =>
        line.Replace("TEvent", "object", StringComparison.Ordinal)
            .Replace("TClassifier", "Type", StringComparison.Ordinal)
            .Replace("TSubscriber", "IActorRef", StringComparison.Ordinal);

    private static IEnumerable<string> SplitTop(string bases)
    {
        var depth = 0;
        var start = 0;
        for (var i = 0; i < bases.Length; i++)
        {
            depth += bases[i] switch { '<' => 1, '>' => -1, _ => 0 };
            if (bases[i] == ',' && depth == 0)
            {
                yield return bases[start..i].Trim();
                start = i + 1;
            }
        }
        yield return bases[start..].Trim();
    }

    [GeneratedRegex(@"^## (?:(?:abstract|sealed|static) )*(?<kind>class|interface|struct|enum) Akka\.(?:\w+\.)+?(?:\w+\+)?(?<name>\w+)(?:`\d)? : (?<bases>.*)$")]
    private static partial Regex Header();

    [GeneratedRegex("<.*>")]
    private static partial Regex Generic();
}

/// <summary>One listed type; members are kept without the modifiers that do not bind a caller.</summary>
internal sealed partial class AkkaType(string kind, string[] inherits)
{
    private readonly HashSet<string> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _properties = new(StringComparer.Ordinal);
    private readonly HashSet<string> _overridable = new(StringComparer.Ordinal);

    internal string Kind { get; } = kind;

    internal string[] Inherits { get; } = inherits;

    internal bool Has(string signature) => _members.Contains(signature);

    /// <summary>The accessors of the property with this signature; null when there is none.</summary>
    internal string? Accessors(string signature) => _properties.GetValueOrDefault(signature);

    internal bool CanOverride(string signature) => _overridable.Contains(signature);

    internal void Add(string line)
    {
        var plain = Modifiers().Replace(line, "");
        var signature = plain;
        if (plain.IndexOf(" { ", StringComparison.Ordinal) is > 0 and var at)
        {
            signature = plain[..at];
            _properties[signature] = plain[at..];
        }
        else
        {
            _members.Add(plain);
        }
        if (line != plain && !line.StartsWith("[Obsolete]", StringComparison.Ordinal))
        {
            _overridable.Add(signature);
        }
    }

    [GeneratedRegex(@"\[Obsolete\] |(?<=^|public |protected )(abstract|virtual) ")]
    private static partial Regex Modifiers();
}
