using System.Collections.Immutable;
using Orchestrator.Agent.Images;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Preflight;

/// <summary><c>/user/agent/preflight-…</c>: looks whether the host can take what is planned for it, and changes nothing. Its questions go side by side; one that is not answered in time is a warning.</summary>
internal sealed class PreflightActor : EngineCaller
{
    /// <summary>A person waits for the plan; a registry that takes longer will be waited for by the pull.</summary>
    public static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(10);

    private readonly AgentCommand.Preflight _command;
    private readonly HostFacts? _facts;
    private readonly IEngine _engine;
    private readonly AgentOptions _options;
    private readonly List<PreflightProblem> _problems = [];
    private int _open;

    /// <param name="facts">Null when the engine has not been heard of yet.</param>
    public PreflightActor(AgentCommand.Preflight command, HostFacts? facts, IEngine engine, AgentOptions options)
    {
        _command = command;
        _facts = facts;
        _engine = engine;
        _options = options;
        Receive<Begin>(_ => BeginAll());
    }

    protected override void PreStart() => Self.Tell(new Begin());

    private void BeginAll()
    {
        // Counts itself, so that answers which come at once do not end it early.
        _open = 1;
        var specs = _command.Services.Select(service => service.Spec).ToArray();
        Ask("containers", cancellation => _engine.ListContainersAsync(EngineFilters.None, all: true, cancellation), OnContainers);
        if (specs.Any(spec => spec.Networks.Count > 0)) Ask("networks", cancellation => _engine.ListNetworksAsync(EngineFilters.None, cancellation), networks => PreflightChecks.Networks(_command, networks));
        if (specs.Any(spec => spec.Volumes.Values.Any(volume => volume.External))) Ask("volumes", cancellation => _engine.ListVolumesAsync(EngineFilters.None, cancellation), volumes => PreflightChecks.Volumes(_command, volumes));
        foreach (var group in _command.Services.GroupBy(service => service.Spec.Container.Image, StringComparer.Ordinal))
        {
            var (reference, services) = (group.Key, group.Select(service => service.Service).ToImmutableArray());
            if (group.All(service => service.Spec.MayPull)) Ask($"image {reference}", cancellation => ImageAsync(reference, cancellation), found => PreflightChecks.Image(services, reference, found, _facts));
        }

        if (_options.HostProbe is { } probe)
        {
            foreach (var source in PreflightChecks.BindSources(_command)) Ask($"the bind source {source.Key}", cancellation => probe.ExistsAsync(source.Key, cancellation), exists => exists ? [] : source);
        }

        Close();
    }

    private IEnumerable<PreflightProblem> OnContainers(IReadOnlyList<ContainerSummary> containers) =>
    [
        .. PreflightChecks.Names(_command, containers),
        .. PreflightChecks.Ports(_command, containers, _options.HostProbe, _options.Ingress is not null, OwnPorts()),
    ];

    /// <summary>What the host's ingress has bound.</summary>
    private ImmutableArray<ListenAddress> OwnPorts()
    {
        if (_options.Ingress is not { } ingress || _options.HostProbe is null) return [];
        try
        {
            return [.. IngressDriver.BoundAddresses(new IngressFiles(new IngressPaths(ingress)).Config).Select(ListenAddress.Parse).OfType<ListenAddress>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Null when the host has it already, or its registry does not tell the platforms.</summary>
    private async Task<ImageFinding> ImageAsync(string reference, CancellationToken cancellation)
    {
        // A reference without a digest is one that no registry gave: the coordinator has said so.
        if (ImageResolution.IsId(reference) || !ImageReference.TryParse(reference, out var image) || image.Digest is null) return ImageFinding.Unknown;
        try
        {
            await _engine.InspectImageAsync(reference, cancellation);
            return ImageFinding.Unknown;
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            // It will be pulled.
        }

        try
        {
            var distribution = await _engine.InspectDistributionAsync(reference, await LoginAsync(image, cancellation), cancellation);
            return new ImageFinding([.. distribution.Platforms], null);
        }
        catch (EngineException e)
        {
            return new ImageFinding([], EngineFaults.Text(e));
        }
    }

    /// <summary>A login that cannot be read is no reason not to ask without.</summary>
    private async Task<RegistryAuth?> LoginAsync(ImageReference image, CancellationToken cancellation)
    {
        try
        {
            return _options.Credentials is { } credentials ? await credentials.FindAsync(image, cancellation) : null;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Ask<T>(string what, Func<CancellationToken, Task<T>> call, Func<T, IEnumerable<PreflightProblem>> check)
    {
        _open++;
        Call(
            $"looking at {what}",
            AnswerMax,
            call,
            answer =>
            {
                _problems.AddRange(check(answer));
                Close();
            },
            error =>
            {
                _problems.Add(new PreflightProblem("", $"{what} could not be looked at: {EngineFaults.Text(error)}", IsWarning: true));
                Close();
            });
    }

    private void Close()
    {
        if (--_open > 0) return;
        Context.Parent.Tell(new AgentEvent.Preflighted
        {
            CommandId = _command.CommandId,
            Problems = [.. _problems.Distinct().OrderBy(problem => problem.Subject, StringComparer.Ordinal).ThenBy(problem => problem.Message, StringComparer.Ordinal)],
        });
        Context.Stop(Self);
    }

    private sealed record Begin;
}
