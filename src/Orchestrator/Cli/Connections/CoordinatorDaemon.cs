using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Orchestrator.Api;
using Orchestrator.Api.Http;
using Orchestrator.Hosting;
using Orchestrator.Links;
using Orchestrator.Security;
using Orchestrator.Store;

namespace Orchestrator.Cli.Connections;

/// <summary>The composition root of <c>serve</c>: authority, store, actors, HTTPS server, and the first operator's context.</summary>
internal sealed class CoordinatorDaemon(ContextStore contexts, Func<string, string?> environment, string homeFolder, string version, TimeProvider time, Func<ILoggerFactory> createLoggers) : IDaemon
{
    private const string DefaultContext = "fleet";

    /// <summary>For actors to reach a safe point and stop; systemd allows 90 s by default.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    public async Task ServeAsync(ServeSettings settings, Action<string> say, CancellationToken cancellation)
    {
        var folder = Path.GetFullPath(settings.DataDirectory ?? DefaultFolder());
        var listen = await ResolveAsync(settings.Listen, cancellation).ConfigureAwait(false);
        var advertise = Advertised(settings, listen);
        using var held = Hold(folder);
        using var trust = OpenTrust(folder, settings.Initialise, NamesOf(settings, advertise));
        if (settings.Initialise)
            SaveContext(settings.Context ?? DefaultContext, trust, advertise, say);

        using var loggers = createLoggers();
        await using var store = OpenStore(folder);
        var system = ActorSystem.Create("orchestrator");
        try
        {
            var host = CoordinatorHost.StartDaemon(system, store, version, advertise[0].GetLeftPart(UriPartial.Authority), loggers, (role, lifetime) => Token(trust, role, lifetime), SealKey.InFolder(folder), settings.Overlay, settings.Etcd);
            var options = new CoordinatorServerOptions { Listen = [listen], Advertise = [.. advertise.Select(a => a.GetLeftPart(UriPartial.Authority))], Version = version };
            await using var server = new CoordinatorServer(options, host.Coordinator, host.Fleet, system, trust, time, loggers);
            await StartAsync(server, settings.Listen, cancellation).ConfigureAwait(false);
            var systemd = SystemdNotifier.FromEnvironment();
            var at = string.Join(", ", options.Advertise);
            systemd.Ready($"coordinator at {at}");
            say($"coordinator at {at}, state in {folder}");
            await WaitAsync(systemd, host.Coordinator, cancellation).ConfigureAwait(false);
            systemd.Stopping();
        }
        finally
        {
            await system.Terminate().WaitAsync(StopTimeout, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    public Task<string> CreateTokenAsync(string? dataDirectory, string role, TimeSpan lifetime, CancellationToken cancellation)
    {
        using var trust = OpenTrust(Path.GetFullPath(dataDirectory ?? DefaultFolder()), initialise: false, []);
        return Task.FromResult(Token(trust, role, lifetime));
    }

    private static string Token(Trust trust, string role, TimeSpan lifetime)
    {
        try
        {
            return trust.CreateToken(role, lifetime).Reveal();
        }
        catch (TrustException e)
        {
            throw Problems.ToException(e);
        }
    }

    private static async Task StartAsync(CoordinatorServer server, string listen, CancellationToken cancellation)
    {
        try
        {
            await server.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CliException(ExitCode.Failed, $"cannot listen on {listen}: {e.Message}; choose another address with --listen, or end what uses it");
        }
    }

    private async Task WaitAsync(SystemdNotifier systemd, ICoordinator coordinator, CancellationToken cancellation)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = cancellation.Register(stopped.SetResult);
        await Task.WhenAll(stopped.Task, systemd.WatchAsync(alive => AnswersAsync(coordinator, alive), time, cancellation)).ConfigureAwait(false);
    }

    /// <summary>Asks the actors something small: a coordinator that does not answer is restarted by systemd's watchdog.</summary>
    private static async Task<bool> AnswersAsync(ICoordinator coordinator, CancellationToken cancellation)
    {
        try
        {
            await coordinator.StacksAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (CoordinatorException)
        {
            return false;
        }
    }

    private Trust OpenTrust(string folder, bool initialise, IReadOnlyList<string> names)
    {
        try
        {
            return initialise && !Trust.Exists(folder) ? Trust.Initialize(folder, names, time) : Trust.Open(folder, names, time);
        }
        catch (TrustException e)
        {
            throw Problems.ToException(e);
        }
    }

    private static SqliteStore OpenStore(string folder)
    {
        try
        {
            return SqliteStore.Open(Path.Combine(folder, "state.db"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new CliException(ExitCode.Failed, $"cannot keep the state in {folder}: {e.Message}; check its owner and the free space, or choose another with --data-dir");
        }
    }

    private static FileStream Hold(string folder)
    {
        var path = Path.Combine(folder, "lock");
        try
        {
            PrivateFiles.CreateFolder(folder);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new CliException(ExitCode.Failed, $"another coordinator runs on {folder} ({e.Message}); end it, or choose another --data-dir");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, $"cannot use the data folder {folder}: {e.Message}; choose another with --data-dir");
        }
    }

    /// <summary>The first operator is who starts the fleet. A context of the same name is replaced only when it is of this fleet's address.</summary>
    private void SaveContext(string name, Trust trust, ImmutableArray<Uri> servers, Action<string> say)
    {
        if (CoordinatorChoice.LocalNames.Contains(name))
            throw CliException.Usage($"{name} is the name of this machine's engine; name the fleet's context otherwise with --context");
        if (contexts.List().FirstOrDefault(c => c.Name == name) is { } other && !other.Servers.Any(servers.Contains))
            throw CliException.Usage($"context {name} is of another fleet ({string.Join(", ", other.Servers)}); choose another name with --context, or forget it: orchestrator context rm {name}");
        var user = environment("USER") is { Length: > 0 } given && CertificateIdentity.IsValidName(given) ? given : "operator";
        contexts.Save(name, trust.IssueOperator(user, [.. servers.Select(s => s.GetLeftPart(UriPartial.Authority))]), servers);
        say($"context {name} is for you: orchestrator --context {name} hosts ls, or orchestrator context use {name}");
    }

    private static ImmutableArray<Uri> Advertised(ServeSettings settings, IPEndPoint listen)
    {
        if (!settings.Advertise.IsEmpty)
            return [.. settings.Advertise.Select(a => new Uri("https://" + a))];
        var everywhere = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any);
        var host = everywhere ? System.Environment.MachineName.ToLowerInvariant() : settings.Listen[..settings.Listen.LastIndexOf(':')];
        return [new Uri($"https://{host}:{listen.Port}")];
    }

    private static ImmutableArray<string> NamesOf(ServeSettings settings, ImmutableArray<Uri> advertise)
    {
        var listened = settings.Listen[..settings.Listen.LastIndexOf(':')].Trim('[', ']');
        return [.. advertise.Select(a => a.Host.Trim('[', ']')).Append(listened).Where(n => n is not ("0.0.0.0" or "::")).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static async Task<IPEndPoint> ResolveAsync(string listen, CancellationToken cancellation)
    {
        var colon = listen.LastIndexOf(':');
        var (host, port) = (listen[..colon].Trim('[', ']'), int.Parse(listen.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture));
        if (IPAddress.TryParse(host, out var address))
            return new IPEndPoint(address, port);
        try
        {
            return new IPEndPoint((await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false))[0], port);
        }
        catch (SocketException e)
        {
            throw CliException.Usage($"--listen: {host} is no address of this machine: {e.Message}");
        }
    }

    /// <summary>Root's is the system's; anyone else's is their own.</summary>
    private string DefaultFolder() => System.Environment.IsPrivilegedProcess
        ? "/var/lib/orchestrator"
        : Path.Combine(EmbeddedOptions.DefaultDataFolder(environment, homeFolder), "coordinator");
}
