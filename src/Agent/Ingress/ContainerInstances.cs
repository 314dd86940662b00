using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;

namespace Orchestrator.Agent.Ingress;

/// <summary>HAProxy in a container of the host's network.</summary>
internal sealed class ContainerInstances(IEngine engine, IngressOptions options, RegistryCredentials? credentials) : IIngressInstances
{
    /// <summary>Digest of what the container was made with.</summary>
    public const string Label = "orchestrator.ingress";

    public const string SlotLabel = "orchestrator.ingress-slot";

    private const string Name = "orchestrator-ingress";

    private const int OutputBytesMax = 8 * 1024;

    private const int ExplainLines = 6;

    private readonly IngressPaths _paths = new(options);

    public string? Problem => engine.Address.StartsWith("unix:", StringComparison.Ordinal)
        ? null
        : $"the ingress needs its engine on the same machine, and {engine.Address} may be another: use a fleet (orchestrator serve), whose agents run beside their engines, or publish with mode: host";

    public async Task<ImmutableArray<IngressInstance>> ListAsync(CancellationToken cancellation)
    {
        var filters = EngineFilters.Label(Label);
        var containers = await engine.ListContainersAsync(filters, all: true, cancellation);
        return
        [
            .. containers.Select(container => new IngressInstance(
                container.Id,
                container.Labels.GetValueOrDefault(SlotLabel, "a"),
                container.State == "running",
                container.Labels[Label] == Digest(),
                container.Created)),
        ];
    }

    public async Task StartAsync(string slot, string? takeOver, CancellationToken cancellation)
    {
        await EnsureImageAsync(cancellation);
        var name = slot == "a" ? Name : $"{Name}-{slot}";
        try
        {
            await engine.StartContainerAsync(await engine.CreateContainerAsync(name, Request(slot, takeOver), cancellation), cancellation);
        }
        catch (EngineException e)
        {
            throw new IngressException($"the ingress's container {name} cannot be started: {EngineFaults.Text(e)}");
        }
    }

    /// <summary>Without a restart policy first, or the engine would start it again once it has finished.</summary>
    public async Task RetireAsync(IngressInstance instance, CancellationToken cancellation)
    {
        try
        {
            await engine.UpdateRestartPolicyAsync(instance.Id, RestartPolicy.No, cancellation);
            await engine.KillContainerAsync(instance.Id, "SIGUSR1", cancellation);
        }
        catch (EngineException e) when (e.Kind is EngineErrorKind.NotFound or EngineErrorKind.Conflict)
        {
            // It has ended already.
        }
    }

    public async Task RemoveAsync(IngressInstance instance, CancellationToken cancellation)
    {
        try
        {
            await engine.RemoveContainerAsync(instance.Id, force: true, volumes: true, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            // Somebody else was quicker.
        }
    }

    public async Task<string> ExplainAsync(IngressInstance instance, CancellationToken cancellation)
    {
        try
        {
            var lines = instance.IsRunning
                ? (await engine.ExecAsync(instance.Id, new ExecRequest(["haproxy", "-c", "-f", _paths.Config]), OutputBytesMax, cancellation)).Output.Split('\n')
                : await LogAsync(instance, cancellation);
            return Said(lines);
        }
        catch (EngineException e)
        {
            return $"nothing to be read of its reasons: {EngineFaults.Text(e)}";
        }
    }

    internal static string Said(IEnumerable<string> lines)
    {
        var said = lines.Where(line => line.Contains("[ALERT]", StringComparison.Ordinal)).Select(line => line.Trim()).TakeLast(ExplainLines).ToArray();
        return said.Length == 0 ? "it says nothing" : string.Join("; ", said);
    }

    internal CreateContainer Request(string slot, string? takeOver)
    {
        var request = Common();
        return request with
        {
            Command = takeOver is null ? Arguments(slot) : [.. Arguments(slot), "-x", takeOver],
            Env = [$"{IngressPaths.RunVariable}={_paths.Slot(slot)}"],
            Labels = ImmutableDictionary<string, string>.Empty.Add(Label, Digest()).Add(SlotLabel, slot),
        };
    }

    private ImmutableArray<string> Arguments(string slot) => ["-W", "-db", "-S", $"{_paths.MasterSocket(slot)},mode,{_paths.SocketMode},level,admin", "-f", _paths.Config];

    private CreateContainer Common() => new()
    {
        Image = options.Image,
        Entrypoint = ["haproxy"],

        // Root inside, for ports below 1024 and for folders of another owner's; of root's rights it keeps these two.
        User = "0:0",
        CapDrop = ["ALL"],
        CapAdd = ["DAC_OVERRIDE", "NET_BIND_SERVICE"],
        SecurityOpt = ["no-new-privileges"],
        ReadonlyRootfs = true,
        NetworkMode = "host",
        Binds = [$"{options.ConfigFolder}:{options.ConfigFolder}:ro", .. RuntimeBinds()],
        Mounts = options.IsRoot ? [] : [new Mount { Type = "bind", Source = options.RuntimeFolder, Target = options.RuntimeFolder }],
        RestartPolicy = new RestartPolicy("unless-stopped"),
        StopSignal = "SIGUSR1",
        LogDriver = "json-file",
        LogOptions = ImmutableSortedDictionary<string, string>.Empty.Add("max-size", "1m").Add("max-file", "2"),
    };

    /// <summary>
    /// One by one: a reboot empties the folder, and the engine, which starts the container before any agent, makes the sources of binds that are missing. It would
    /// make them root's, so a folder of another user is a mount instead, without which the container does not start until that user's agent has made it.
    /// </summary>
    private IEnumerable<string> RuntimeBinds() => options.IsRoot
        ? IngressPaths.Slots.Select(slot => $"{_paths.Slot(slot)}:{_paths.Slot(slot)}").Prepend($"{_paths.Certificates}:{_paths.Certificates}:ro")
        : [];

    private string Digest()
    {
        var request = Common();
        var text = string.Join('\n', [request.Image, .. Arguments("?"), .. request.Binds, .. request.Mounts.Select(mount => mount.Target), .. request.CapAdd, .. request.SecurityOpt]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }

    private async Task EnsureImageAsync(CancellationToken cancellation)
    {
        try
        {
            await engine.InspectImageAsync(options.Image, cancellation);
            return;
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            // Pulled below.
        }

        try
        {
            var login = credentials is not null && ImageReference.TryParse(options.Image, out var image) ? await credentials.FindAsync(image, cancellation) : null;
            await engine.PullImageAsync(options.Image, login, progress: null, cancellation);
        }
        catch (Exception e) when (e is EngineException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new IngressException(
                $"the ingress's image {options.Image} is not on this host and cannot be pulled: {EngineFaults.Text(e)}; build one here with deploy/ingress-image, or name another: orchestrator-agent run --ingress-image IMAGE, or {IngressOptions.ImageVariable}=IMAGE",
                isFinal: IsDefinite(e));
        }
    }

    /// <summary>The registry has answered, and will not answer otherwise: there is no such image, or not for us.</summary>
    private static bool IsDefinite(Exception error) => error is FormatException or EngineException { Kind: EngineErrorKind.NotFound or EngineErrorKind.Fatal };

    private async Task<IEnumerable<string>> LogAsync(IngressInstance instance, CancellationToken cancellation)
    {
        var lines = new List<string>();
        await foreach (var line in engine.LogsAsync(instance.Id, new LogsRequest { Tail = 50 }, cancellation)) lines.Add(line.Text);
        return lines;
    }
}
