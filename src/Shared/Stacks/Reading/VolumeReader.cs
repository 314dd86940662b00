namespace Orchestrator.Stacks.Reading;

/// <summary>One entry of the top level's <c>volumes</c>.</summary>
internal static class VolumeReader
{
    internal static readonly KeyTable<VolumeSpec> Keys = new()
    {
        { "name", (n, v) => n with { EngineName = v.String() ?? n.EngineName } },
        { "driver", (n, v) => n with { Driver = v.String() ?? n.Driver } },
        { "driver_opts", (n, v) => n with { DriverOptions = v.StringMap() } },
        { "external", (n, v) => External.Read(v) is var (external, name) ? n with { External = external, EngineName = name ?? n.EngineName } : n },
        { "labels", (n, v) => n with { Labels = LabelReader.Read(v) } },
    };

    public static VolumeSpec Read(Value value, string key, string stack)
    {
        var plain = new VolumeSpec { EngineName = $"{stack}_{key}" };
        if (value.IsNull)
            return plain;
        var spec = Keys.Read(value, plain with { EngineName = "" });
        if (spec.External)
            External.RefuseOthers(value);
        return spec.EngineName.Length > 0 ? spec : spec with { EngineName = spec.External ? key : plain.EngineName };
    }
}
