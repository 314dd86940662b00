using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service's <c>volumes</c>: <c>[source:]target[:options]</c>, or a mapping.</summary>
internal static class MountReader
{
    private static readonly string[] Propagations = ["shared", "rshared", "slave", "rslave", "private", "rprivate"];

    private sealed record Long(MountSpec Mount, MountKind? Kind, string? Section);

    private static readonly KeyTable<MountSpec> BindKeys = new("selinux", "recursive")
    {
        { "create_host_path", (m, v) => m with { CreateHostPath = v.Bool() ?? m.CreateHostPath } },
        { "propagation", (m, v) => m with { Propagation = ReadPropagation(v) } },
    };

    private static readonly KeyTable<MountSpec> VolumeKeys = new("subpath", "labels")
    {
        { "nocopy", (m, v) => m with { NoCopy = v.Bool() ?? false } },
    };

    private static readonly KeyTable<MountSpec> TmpfsKeys = new()
    {
        { "size", (m, v) => m with { TmpfsSizeBytes = v.Bytes() } },
        { "mode", (m, v) => m with { TmpfsMode = ReadFileMode(v) } },
    };

    private static readonly KeyTable<Long> Keys = new("image", "cluster")
    {
        { "type", (m, v) => m with { Kind = ReadKind(v) } },
        { "source", (m, v) => m with { Mount = m.Mount with { Source = v.String() } } },
        { "target", (m, v) => m with { Mount = m.Mount with { Target = v.String() ?? "" } } },
        { "read_only", (m, v) => m with { Mount = m.Mount with { ReadOnly = v.Bool() ?? false } } },
        { "bind", (m, v) => m with { Mount = BindKeys.Read(v, m.Mount with { CreateHostPath = true }), Section = "bind" } },
        { "volume", (m, v) => m with { Mount = VolumeKeys.Read(v, m.Mount), Section = "volume" } },
        { "tmpfs", (m, v) => m with { Mount = TmpfsKeys.Read(v, m.Mount), Section = "tmpfs" } },
        // A hint for Docker Desktop; engines on Linux have nothing to do for it.
        { "consistency", (m, v) => { v.String(); return m; } },
    };

    public static ImmutableArray<MountSpec> Read(Value value)
    {
        var mounts = ImmutableArray.CreateBuilder<MountSpec>();
        foreach (var item in value.Items())
        {
            var mount = item.IsMap ? ReadLong(item) : ReadShort(item);
            if (mount is null)
                continue;
            mount = mount with { Target = Trimmed(mount.Target) };
            if (mounts.Any(m => m.Target == mount.Target))
                item.Error($"two mounts have the target {mount.Target}", "mount one of them elsewhere");
            else
                mounts.Add(mount);
        }

        return mounts.ToImmutable();
    }

    /// <summary><c>/data/</c> and <c>/data</c> are one place.</summary>
    public static string Trimmed(string target) => target.Length > 1 ? target.TrimEnd('/') : target;

    private static MountSpec? ReadShort(Value value)
    {
        if (value.String() is not { } text)
            return null;
        var parts = text.Split(':');
        if (parts.Length > 3 || parts.Any(p => p.Length == 0))
        {
            value.Error($"`{text}` is not a volume", "the form is [source:]target[:options], such as data:/var/lib/data:ro");
            return null;
        }

        if (parts.Length == 1)
            return CheckTarget(value, new MountSpec { Kind = MountKind.Volume, Target = text });
        var mount = new MountSpec { Kind = MountKind.Volume, Source = parts[0], Target = parts[1] };
        if (parts[0][0] is '.' or '/' or '~')
            mount = mount with { Kind = MountKind.Bind, CreateHostPath = true };
        if (parts.Length == 3)
            mount = ReadOptions(value, parts[2], mount);
        return CheckTarget(value, Resolved(value, mount));
    }

    private static MountSpec ReadOptions(Value value, string options, MountSpec mount)
    {
        foreach (var option in options.Split(','))
        {
            mount = option switch
            {
                "ro" => mount with { ReadOnly = true },
                "rw" => mount with { ReadOnly = false },
                "nocopy" or "volume-nocopy" => mount with { NoCopy = true },
                // Hints for Docker Desktop; engines on Linux have nothing to do for them.
                "cached" or "delegated" or "consistent" => mount,
                _ when Propagations.Contains(option) => mount with { Propagation = option },
                _ => Unknown(option),
            };
        }

        return mount;

        MountSpec Unknown(string option)
        {
            if (option is "z" or "Z")
                value.Error($"the option `{option}` (SELinux relabelling) is not supported yet", "remove it, and label the host path yourself");
            else
                value.Error($"`{option}` is not a mount option", $"known options: ro, rw, nocopy, {string.Join(", ", Propagations)}");
            return mount;
        }
    }

    private static MountSpec? ReadLong(Value value)
    {
        var (mount, kind, section) = Keys.Read(value, new Long(new MountSpec { Kind = MountKind.Volume, Target = "" }, null, null));
        if (value.Find("type") is null)
            value.Error("`type` is missing", "add type: bind, volume or tmpfs");
        if (value.Find("target") is null)
            value.Error("`target` is missing", "add the path in the container");
        if (kind is not { } known || mount.Target.Length == 0)
            return null;
        mount = mount with { Kind = known };
        if (section is not null && section != Word(known))
            value.Find(section)!.Error($"`{section}` does not go with `type: {Word(known)}`", $"remove it, or set type: {section}");
        if (known == MountKind.Bind && mount.Source is null && value.Find("source") is null)
            value.Error("a bind mount needs `source`", "add the path on the host");
        if (known == MountKind.Tmpfs && mount.Source is not null)
            value.Find("source")!.Error("a tmpfs mount has no `source`", "remove it");
        return CheckTarget(value, Resolved(value, mount));
    }

    private static string Word(MountKind kind) => kind switch
    {
        MountKind.Bind => "bind",
        MountKind.Volume => "volume",
        MountKind.Tmpfs => "tmpfs",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Bind sources become absolute; volumes get their name on the engine.</summary>
    private static MountSpec Resolved(Value value, MountSpec mount)
    {
        if (mount.Source is not { } source || mount.Kind == MountKind.Tmpfs)
            return mount;
        var at = value.Find("source") ?? value;
        if (mount.Kind == MountKind.Bind)
            return mount with { Source = value.Context.AbsolutePath(source, at) ?? source };
        var volumes = value.Context.Volumes;
        if (volumes.TryGetValue(source, out var volume))
            return mount with { EngineName = volume.EngineName };
        var remedy = Spelling.Nearest(source, volumes.Keys) is { } near ? $"did you mean {near}?"
            : volumes.IsEmpty ? $"declare it under the top level's `volumes:`, or write ./{source} for a folder"
            : $"declared: {string.Join(", ", volumes.Keys)}; write ./{source} for a folder";
        at.Error($"the volume `{source}` is not declared", remedy);
        return mount;
    }

    private static MountSpec? CheckTarget(Value value, MountSpec mount)
    {
        if (mount.Target.StartsWith('/'))
            return mount;
        (value.Find("target") ?? value).Error($"the target `{mount.Target}` is not an absolute path", "start it with /");
        return null;
    }

    private static MountKind? ReadKind(Value value)
    {
        if (value.String() is "npipe" or "cluster" or "image")
        {
            value.Error($"the mount type `{value.String()}` is not supported yet", "use bind, volume or tmpfs");
            return null;
        }

        return value.OneOf(("bind", MountKind.Bind), ("volume", MountKind.Volume), ("tmpfs", MountKind.Tmpfs));
    }

    private static string? ReadPropagation(Value value)
    {
        if (value.String() is not { } text)
            return null;
        if (Propagations.Contains(text))
            return text;
        value.Error($"must be one of {string.Join(", ", Propagations)}, but is `{text}`");
        return null;
    }

    /// <summary>Octal, whether quoted (<c>"1777"</c>) or in YAML's number forms (<c>0o1777</c>, <c>01777</c>).</summary>
    private static int? ReadFileMode(Value value)
    {
        if (value.ScalarText() is not { } text)
            return null;
        var digits = text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text;
        if (digits.Length is > 0 and <= 5 && digits.All(c => c is >= '0' and <= '7'))
            return digits.Aggregate(0, (mode, c) => (mode * 8) + int.Parse([c], CultureInfo.InvariantCulture));
        value.Error($"`{text}` is not a file mode", "write octal digits, such as \"1777\"");
        return null;
    }
}
