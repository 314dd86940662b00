using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Orchestrator.Stacks.Reading;

/// <summary>The top level: declared networks and volumes first, then the services that name them, then what spans services.</summary>
internal static partial class StackReader
{
    internal sealed record Sections(Value? Services = null, Value? Networks = null, Value? Volumes = null, bool IsAtomic = false);

    /// <summary>Of <c>x-orchestrator</c> at the top level.</summary>
    internal static readonly KeyTable<Sections> ExtensionKeys = new()
    {
        { "atomic", (s, v) => s with { IsAtomic = v.Bool() ?? false } },
    };

    internal static readonly KeyTable<Sections> Keys = new("secrets", "configs", "include", "models")
    {
        // Read before all else: the other names are made from it.
        { "name", (s, _) => s },
        { "version", (s, v) => { v.Warn("`version` is obsolete and has no effect", "remove it"); return s; } },
        { "services", (s, v) => s with { Services = v } },
        { "networks", (s, v) => s with { Networks = v } },
        { "volumes", (s, v) => s with { Volumes = v } },
        { "x-orchestrator", (s, v) => ExtensionKeys.Read(v, s) },
    };

    public static StackSpec? Read(Value root, string name)
    {
        var sections = Keys.Read(root, new Sections());

        var networks = Declared(sections.Networks, (key, value) => NetworkReader.Read(value, key, name));
        var volumes = Declared(sections.Volumes, (key, value) => VolumeReader.Read(value, key, name));
        if (!networks.ContainsKey(NetworkReader.Default))
            networks = networks.Add(NetworkReader.Default, new NetworkSpec { EngineName = $"{name}_{NetworkReader.Default}" });
        if (sections.Services is null)
        {
            root.Error("there is no `services:`", "add at least one service");
            return null;
        }

        var context = root.Context with { Networks = networks, Volumes = volumes };
        var read = ReadServices(new Value(sections.Services.Node, sections.Services.Path, context));
        ImmutableArray<ServiceSpec> services = [.. read.Select(r => r.Spec)];
        StackChecks.Check(services, sections.Services);
        ListenerChecks.Check(read);
        if (context.Diagnostics.HasErrors)
            return null;
        WarnUnused(sections.Networks, services.SelectMany(s => s.Container.Networks).Select(n => n.Network), "network");
        WarnUnused(sections.Volumes, services.SelectMany(s => s.Container.Mounts).Where(m => m.Kind == MountKind.Volume).Select(m => m.Source).OfType<string>(), "volume");
        return new StackSpec
        {
            Name = name,
            Services = services,
            IsAtomic = sections.IsAtomic,
            Certificates = context.Certificates.Specs,
            Networks = networks.Where(n => services.Any(s => s.Container.Networks.Any(a => a.Network == n.Key))).ToImmutableSortedDictionary(StringComparer.Ordinal),
            Volumes = volumes.Where(v => services.Any(s => s.Container.Mounts.Any(m => m.Kind == MountKind.Volume && m.Source == v.Key))).ToImmutableSortedDictionary(StringComparer.Ordinal),
        };
    }

    private static ImmutableArray<ServiceReading> ReadServices(Value value)
    {
        var services = ImmutableArray.CreateBuilder<ServiceReading>();
        foreach (var (key, service) in value.Entries())
        {
            if (!ServiceName().IsMatch(key.Text))
                value.Context.Diagnostics.Error(key.Place, service.Path, $"`{key.Text}` is not a valid service name", "letters, digits, `.`, `_` and `-`, starting with a letter or digit");
            services.Add(ServiceReader.Read(service, key.Text));
        }

        if (services.Count == 0 && value.IsMap)
            value.Error("`services` is empty", "add at least one service");
        return services.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, T> Declared<T>(Value? section, Func<string, Value, T> read)
    {
        var declared = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        if (section is { IsNull: false })
        {
            foreach (var (key, value) in section.Entries())
            {
                if (!key.Text.StartsWith("x-", StringComparison.Ordinal))
                    declared[key.Text] = read(key.Text, value);
            }
        }

        return declared.ToImmutable();
    }

    private static void WarnUnused(Value? section, IEnumerable<string> used, string kind)
    {
        if (section is null || !section.IsMap)
            return;
        var names = used.ToHashSet(StringComparer.Ordinal);
        foreach (var (key, value) in section.Entries())
        {
            if (!names.Contains(key.Text) && !key.Text.StartsWith("x-", StringComparison.Ordinal))
                value.Context.Diagnostics.Warn(key.Place, value.Path, $"no service uses the {kind} {key.Text}; it is not created", "remove it, or name it in a service");
        }
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9._-]*\z")]
    private static partial Regex ServiceName();
}
