using Orchestrator.Agent.Ingress;

namespace Orchestrator.Agent.Preflight;

/// <summary>What of the host itself the engine does not tell. An agent whose engine is on another machine, or simulated, has none.</summary>
public interface IHostProbe
{
    /// <summary>Which program has the port; null when none has.</summary>
    /// <param name="protocol"><c>tcp</c> or <c>udp</c>; of others nothing is known.</param>
    /// <param name="hostIp">Null: any of the host's addresses.</param>
    HeldPort? PortHolder(string protocol, string? hostIp, int port);

    /// <summary>A file, a folder, a socket or a device. True also of one that this user may not look for: the engine may.</summary>
    /// <param name="cancellation">Ends the waiting; a file system that does not answer goes on holding up its thread.</param>
    Task<bool> ExistsAsync(string path, CancellationToken cancellation);
}

/// <summary>The machine the agent runs on.</summary>
public sealed class LocalHost : IHostProbe
{
    /// <summary>What the runtimes leave in a container for those who want to know.</summary>
    private static readonly string[] ContainerMarks = ["/.dockerenv", "/run/.containerenv"];

    /// <summary>Threads that look for files at once: one on a network file system whose server is gone does not come back.</summary>
    private const int LooksMax = 4;

    /// <summary>Of the whole process.</summary>
    private static readonly SemaphoreSlim Looks = new(LooksMax);

    private readonly Func<string, bool> _exists;

    /// <param name="exists">Null: asks the file system.</param>
    internal LocalHost(Func<string, bool>? exists = null) => _exists = exists ?? Exists;

    /// <summary>For an agent that is installed on its host, beside its engine. Null where the engine is on another machine.</summary>
    /// <param name="engine">The engine's address.</param>
    public static LocalHost? OfEngine(string engine) => engine.StartsWith("unix://", StringComparison.Ordinal) ? new LocalHost() : null;

    /// <summary>Null also in a container, as in a pipeline that has the engine's socket: a container's sockets and files are not the host's.</summary>
    /// <param name="engine">The engine's address.</param>
    public static LocalHost? OfEngineOutside(string engine) => Array.Exists(ContainerMarks, File.Exists) ? null : OfEngine(engine);

    public HeldPort? PortHolder(string protocol, string? hostIp, int port) => protocol switch
    {
        "tcp" => HeldPorts.Find(new ListenAddress(hostIp, port), "tcp"),
        "udp" => HeldPorts.Find(new ListenAddress(hostIp, port), "udp"),
        _ => null,
    };

    /// <summary>Each look on a thread of its own, for none can be called back; at most <see cref="LooksMax"/> of them, and who comes later waits until one is free.</summary>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellation)
    {
        await Looks.WaitAsync(cancellation);
        var looking = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return _exists(path);
                }
                finally
                {
                    Looks.Release();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        return await looking.WaitAsync(cancellation);
    }

    internal static bool Exists(string path)
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
