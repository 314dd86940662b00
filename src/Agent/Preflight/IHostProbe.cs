using Orchestrator.Agent.Ingress;

namespace Orchestrator.Agent.Preflight;

/// <summary>What of the host itself the engine does not tell. An agent whose engine is on another machine, or simulated, has none.</summary>
public interface IHostProbe
{
    /// <summary>For people: which program has the port; null when none has.</summary>
    /// <param name="protocol"><c>tcp</c> or <c>udp</c>; of others nothing is known.</param>
    /// <param name="hostIp">Null: any of the host's addresses.</param>
    string? PortHolder(string protocol, string? hostIp, int port);

    /// <summary>A file, a folder, a socket or a device. True also of one that this user may not look for: the engine may.</summary>
    bool Exists(string path);
}

/// <summary>The machine the agent runs on.</summary>
public sealed class LocalHost : IHostProbe
{
    /// <summary>What the runtimes leave in a container for those who want to know.</summary>
    private static readonly string[] ContainerMarks = ["/.dockerenv", "/run/.containerenv"];

    internal LocalHost()
    {
    }

    /// <summary>For an agent that is installed on its host, beside its engine. Null where the engine is on another machine.</summary>
    /// <param name="engine">The engine's address.</param>
    public static LocalHost? OfEngine(string engine) => engine.StartsWith("unix://", StringComparison.Ordinal) ? new LocalHost() : null;

    /// <summary>Null also in a container, as in a pipeline that has the engine's socket: a container's sockets and files are not the host's.</summary>
    /// <param name="engine">The engine's address.</param>
    public static LocalHost? OfEngineOutside(string engine) => Array.Exists(ContainerMarks, File.Exists) ? null : OfEngine(engine);

    public string? PortHolder(string protocol, string? hostIp, int port) => protocol switch
    {
        "tcp" => HeldPorts.Holder(new ListenAddress(hostIp, port)),
        "udp" => HeldPorts.UdpHolder(new ListenAddress(hostIp, port)),
        _ => null,
    };

    public bool Exists(string path)
    {
        if (Path.Exists(path)) return true;
        var folder = Path.GetDirectoryName(path);
        while (folder is not null && !Directory.Exists(folder)) folder = Path.GetDirectoryName(folder);
        try
        {
            _ = folder is not null && Directory.EnumerateFileSystemEntries(folder).Any();
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
    }
}
