using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Orchestrator.Agent;
using Orchestrator.Agent.Links;
using Orchestrator.Agent.Preflight;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Engine;
using Orchestrator.Fleet;
using Orchestrator.Security;
using Orchestrator.Store;

namespace Orchestrator.Hosting;

/// <summary>Coordinator and agent in this process, on one engine. The state of each engine is in a folder of its own; a lock keeps two changing runs apart.</summary>
public sealed class EmbeddedCoordinator : IAsyncDisposable
{
    /// <summary>The engine has to answer one question before anything begins.</summary>
    private static readonly TimeSpan EngineTimeout = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly ActorSystem system;
    private readonly SqliteStore store;
    private readonly FileStream? runLock;

    private EmbeddedCoordinator(ActorSystem system, SqliteStore store, FileStream? runLock, ICoordinator coordinator)
    {
        this.system = system;
        this.store = store;
        this.runLock = runLock;
        Coordinator = coordinator;
    }

    public ICoordinator Coordinator { get; }

    /// <summary>Throws <see cref="CoordinatorException"/>: Unreachable without an engine, Conflict when another run holds the lock, Internal when the data folder cannot be used.</summary>
    public static async Task<EmbeddedCoordinator> OpenAsync(EmbeddedOptions options, CancellationToken cancellation)
    {
        var info = await InfoAsync(options.Engine, cancellation);
        var (store, runLock) = OpenState(options);
        var system = ActorSystem.Create("orchestrator");
        var host = CoordinatorHost.Start(
            system,
            store,
            new FleetOptions { WaitsForFirstHost = true },
            new StackOptions { IsPassive = options.IsPassive },
            new CoordinatorVersion(options.Version, CoordinatorViews.Embedded, options.Engine.Address),
            options.Loggers,
            sealKey: options.IsPassive ? null : SealKey.InFolder(FolderOf(options)));
        var opened = new EmbeddedCoordinator(system, store, runLock, host.Coordinator);
        try
        {
            var name = info.Name.Length > 0 ? info.Name.ToLowerInvariant() : "local";
            var (agentOptions, engine, loggers) = (AgentOptions(options, name), options.Engine, options.Loggers);
            var agent = system.ActorOf(Props.Create(() => new AgentActor(agentOptions, engine, loggers)), "agent");
            var session = await host.Fleet.Ask<FleetMessage.SessionOpened>(new FleetMessage.AgentConnected(name, agent), StartTimeout, cancellation);
            agent.Tell(new UplinkMessage.LinkUp(session.Uplink));
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    private static AgentOptions AgentOptions(EmbeddedOptions options, string hostName) => new()
    {
        HostName = hostName,
        AgentVersion = options.Version,
        Credentials = options.Credentials,
        HostProbe = LocalHost.OfEngineOutside(options.Engine.Address),
        Ingress = IngressOptions.ForUser(FolderOf(options), options.UserRuntimeFolder).WithImage(options.IngressImage),
    };

    public async ValueTask DisposeAsync()
    {
        await system.Terminate();
        await store.DisposeAsync();
        if (runLock is not null)
        {
            await runLock.DisposeAsync();
        }
    }

    private static async Task<EngineInfo> InfoAsync(IEngine engine, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(EngineTimeout);
        try
        {
            return await engine.InfoAsync(limit.Token);
        }
        catch (EngineException e)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, e.Message, e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"the Docker engine at {engine.Address} did not answer within {EngineTimeout.TotalSeconds:0} s; is it overloaded or hung? see its log", e);
        }
    }

    private static (SqliteStore Store, FileStream? RunLock) OpenState(EmbeddedOptions options)
    {
        var folder = FolderOf(options);
        FileStream? runLock = null;
        try
        {
            PrivateFiles.CreateFolder(options.DataFolder);
            PrivateFiles.CreateFolder(folder);
            runLock = options.IsPassive ? null : Lock(Path.Combine(folder, "lock"), options.Engine.Address);
            return (SqliteStore.Open(Path.Combine(folder, "state.db")), runLock);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            runLock?.Dispose();
            throw new CoordinatorException(CoordinatorErrorKind.Internal, $"cannot keep the state in {folder}: {e.Message}; check its owner and the free space, or set XDG_DATA_HOME", e);
        }
    }

    private static string FolderOf(EmbeddedOptions options) =>
        Path.Combine(options.DataFolder, "engines", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Engine.Address)))[..12]);

    private static FileStream Lock(string path, string engine)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new CoordinatorException(CoordinatorErrorKind.Conflict, $"another run of orchestrator is changing stacks on {engine}; wait for it or end it, then try again (lock: {path})", e);
        }
        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        file.Flush();
        return file;
    }
}
