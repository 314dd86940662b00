using System.Formats.Tar;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Orchestrator.Engine.Tests;

/// <summary>The images of the contract suite, as a <c>docker load</c> archive made of the static busybox: no registry is needed.</summary>
internal static class ContractImages
{
    /// <summary>Prints a line on each stream, runs until SIGTERM, exits 0.</summary>
    public const string Service = "localhost/orchestrator-contract/service:1";

    /// <summary>Ignores SIGTERM.</summary>
    public const string Stubborn = "localhost/orchestrator-contract/stubborn:1";

    /// <summary>Prints a line on each stream and exits 3.</summary>
    public const string Job = "localhost/orchestrator-contract/job:1";

    /// <summary>Prints four whole lines and one without an end, and exits 0.</summary>
    public const string Talker = "localhost/orchestrator-contract/talker:1";

    /// <summary>Its command is not in it.</summary>
    public const string BadCommand = "localhost/orchestrator-contract/badcommand:1";

    /// <summary>Becomes healthy about half a second after its start.</summary>
    public const string Checked = "localhost/orchestrator-contract/checked:1";

    /// <summary>Never becomes healthy.</summary>
    public const string Sick = "localhost/orchestrator-contract/sick:1";

    /// <summary>Loaded and removed by a test of its own.</summary>
    public const string Loaded = "localhost/orchestrator-contract/loaded:1";

    public static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(200);

    public const int ProbeRetries = 2;

    /// <summary>Of every file: the same archive on each run, so that an engine keeps one set of images, not one per run. (A Pax entry would carry the process id.)</summary>
    private static readonly DateTimeOffset Past = DateTimeOffset.UnixEpoch;

    private const string RunUntilTerm = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done";

    private static readonly string[] Applets = ["sh", "sleep", "echo", "cat", "test", "touch", "rm", "true", "false", "id", "env", "seq", "nslookup", "printf"];

    private static readonly (string Name, JsonObject Config)[] All =
    [
        (Service, Config("echo ready; echo oops >&2; " + RunUntilTerm)),
        (Job, Config("echo working; echo failed >&2; exit 3")),
        (Talker, Config("printf 'one\\ntwo\\nthree\\nfour\\nunfinished'")),
        (Checked, WithHealthcheck(Config("sleep 0.5; touch /tmp/healthy; " + RunUntilTerm))),
        (Sick, WithHealthcheck(Config(RunUntilTerm))),
        (Stubborn, new JsonObject { ["Cmd"] = new JsonArray("sleep", "1000"), ["Env"] = new JsonArray("PATH=/bin") }),
        (BadCommand, new JsonObject { ["Cmd"] = new JsonArray("does-not-exist"), ["Env"] = new JsonArray("PATH=/bin") }),
    ];

    public static MemoryStream Archive() => Archive(All);

    public static MemoryStream LoadedArchive() => Archive([(Loaded, Config("true"))]);

    private static JsonObject Config(string script) => new()
    {
        ["Cmd"] = new JsonArray("sh", "-c", script),
        ["Env"] = new JsonArray("PATH=/bin"),
        ["ExposedPorts"] = new JsonObject { ["80/tcp"] = new JsonObject() },
    };

    private static JsonObject WithHealthcheck(JsonObject config)
    {
        config["Healthcheck"] = new JsonObject
        {
            ["Test"] = new JsonArray("CMD-SHELL", "test -e /tmp/healthy"),
            ["Interval"] = ProbeInterval.Ticks * TimeSpan.NanosecondsPerTick,
            ["Timeout"] = 5 * TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
            ["Retries"] = ProbeRetries,
        };
        return config;
    }

    private static MemoryStream Archive((string Name, JsonObject Config)[] images)
    {
        var layer = Layer();
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            Add(tar, "layer.tar", layer);
            var manifest = new JsonArray();
            foreach (var (name, config) in images)
            {
                var bytes = ImageConfig(config, layer);
                var file = Convert.ToHexStringLower(SHA256.HashData(bytes)) + ".json";
                Add(tar, file, bytes);
                manifest.Add(new JsonObject { ["Config"] = file, ["RepoTags"] = new JsonArray(name), ["Layers"] = new JsonArray("layer.tar") });
            }

            Add(tar, "manifest.json", System.Text.Encoding.UTF8.GetBytes(manifest.ToJsonString()));
        }

        archive.Position = 0;
        return archive;
    }

    private static byte[] ImageConfig(JsonObject config, byte[] layer) => System.Text.Encoding.UTF8.GetBytes(new JsonObject
    {
        ["architecture"] = RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
        ["os"] = "linux",
        ["config"] = config.DeepClone(),
        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray("sha256:" + Convert.ToHexStringLower(SHA256.HashData(layer))) },
    }.ToJsonString());

    private static byte[] Layer()
    {
        const string Busybox = "/bin/busybox";
        Assert.True(File.Exists(Busybox), $"{Busybox} is missing; the test images are made of it: apt-get install busybox-static");
        using var layer = new MemoryStream();
        using (var tar = new TarWriter(layer, leaveOpen: true))
        {
            foreach (var folder in (string[])["bin/", "etc/", "tmp/", "run/", "dev/", "proc/", "sys/"]) tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, folder) { Mode = (UnixFileMode)0b111_101_101, ModificationTime = Past });
            Add(tar, "bin/busybox", File.ReadAllBytes(Busybox), (UnixFileMode)0b111_101_101);
            foreach (var applet in Applets) tar.WriteEntry(new UstarTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox", ModificationTime = Past });
        }

        return layer.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] bytes, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes), Mode = mode, ModificationTime = Past });
}
