using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Orchestrator.Agent.Ingress;

/// <summary>Where everything is: the same path on the host and in the container, so that the file means the same in both.</summary>
internal sealed partial class IngressPaths(IngressOptions options)
{
    /// <summary>One serves; its follower takes the other.</summary>
    public static ImmutableArray<string> Slots { get; } = ["a", "b"];

    /// <summary>Names the slot's folder inside the configuration, which is one for both slots.</summary>
    public const string RunVariable = "INGRESS_RUN";

    /// <summary>The kernel's bound for a socket's path is 107 bytes; the longest name here, with HAProxy's own suffix while it binds, takes 40 of them.</summary>
    public const int RuntimeFolderLengthMax = 66;

    public string ConfigFolder => options.ConfigFolder;

    public string RuntimeFolder => options.RuntimeFolder;

    public string Config => Path.Combine(options.ConfigFolder, "haproxy.cfg");

    /// <summary>Served where no route's certificate fits: a listener without any would not start.</summary>
    public string Fallback => Path.Combine(options.ConfigFolder, "fallback.pem");

    public string Maintenance => Path.Combine(options.ConfigFolder, "maintenance.map");

    public string Hold => Path.Combine(options.ConfigFolder, "hold.lua");

    public string Latency => Path.Combine(options.ConfigFolder, "latency.lua");

    public string Pages => Path.Combine(options.ConfigFolder, "pages");

    public string Certificates => Path.Combine(options.RuntimeFolder, "certificates");

    public string Certificate(string id) => Path.Combine(Certificates, id + ".pem");

    /// <summary>Of sockets.</summary>
    public string SocketMode => options.IsRoot ? "600" : "666";

    public string Slot(string slot) => Path.Combine(options.RuntimeFolder, slot);

    public string MasterSocket(string slot) => Path.Combine(Slot(slot), "master.sock");

    public string StatsSocket(string slot) => Path.Combine(Slot(slot), "stats.sock");

    /// <summary>What hinders the use of the folders; null when nothing does.</summary>
    public string? Problem => this switch
    {
        _ when !Plain().IsMatch(ConfigFolder) || !Plain().IsMatch(RuntimeFolder) =>
            $"the ingress's folders {ConfigFolder} and {RuntimeFolder} must be absolute and of letters, digits and / . _ - only, for HAProxy cannot name others; use another data folder (--data-dir, XDG_DATA_HOME)",
        _ when RuntimeFolder.Length > RuntimeFolderLengthMax =>
            $"the ingress's runtime folder {RuntimeFolder} is longer than {RuntimeFolderLengthMax} characters, too long for sockets; use a shorter XDG_RUNTIME_DIR",
        _ => null,
    };

    [GeneratedRegex("^/[A-Za-z0-9/._-]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
