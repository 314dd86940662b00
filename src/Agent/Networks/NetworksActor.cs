using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Networks;

/// <summary><c>/user/agent/networks</c>: makes and removes networks and volumes, one question after the other, for engines below 1.44 gladly make two networks of one name.</summary>
internal sealed partial class NetworksActor : EngineCaller
{
    /// <summary>One question: a handful of calls, each of milliseconds on a healthy engine.</summary>
    private static readonly TimeSpan QuestionMax = TimeSpan.FromMinutes(1);

    /// <summary>Endpoints of containers that have just been removed may linger.</summary>
    private const int RemoveAttempts = 5;

    private static readonly TimeSpan RemovePause = TimeSpan.FromMilliseconds(300);

    /// <summary>Each replica has one question open at most, so this many means that something asks in a loop.</summary>
    private const int QueueMax = 10_000;

    private readonly IEngine _engine;
    private readonly AgentOptions _options;
    private readonly ILogger _logger;
    private readonly Queue<Question> _queue = [];
    private bool _busy;

    public NetworksActor(IEngine engine, AgentOptions options, ILogger logger)
    {
        _engine = engine;
        _options = options;
        _logger = logger;
        Receive<NetworksMessage.Ensure>(ensure => Enqueue(new Question(Sender, ensure, ensure.Token)));
        Receive<NetworksMessage.Remove>(remove => Enqueue(new Question(Sender, remove, remove.Token)));
        Receive<TryAgain>(again => Begin(again.Question));
    }

    private void Enqueue(Question question)
    {
        if (_queue.Count >= QueueMax)
        {
            question.Asker.Tell(new NetworksMessage.Failed(question.Token, $"more than {QueueMax} replicas wait for networks on this host", Temporary: true));
            return;
        }

        _queue.Enqueue(question);
        Next();
    }

    private void Next()
    {
        if (_busy || !_queue.TryDequeue(out var question)) return;
        _busy = true;
        Begin(question);
    }

    private void Begin(Question question) => Call(
        "making or removing networks and volumes",
        QuestionMax,
        cancellation => question.Message switch
        {
            NetworksMessage.Ensure ensure => EnsureAsync(ensure, cancellation),
            NetworksMessage.Remove remove => RemoveAsync(remove, cancellation),
            var other => throw new InvalidOperationException($"no question: {other}"),
        },
        () => Answer(question, new NetworksMessage.Done(question.Token)),
        error => OnFailed(question, error));

    private void OnFailed(Question question, Exception error)
    {
        if (question.Message is NetworksMessage.Remove && (EngineFaults.IsConflict(error) || EngineFaults.IsTemporary(error)) && question.Attempt < RemoveAttempts)
        {
            Timers.StartSingleTimer("again", new TryAgain(question with { Attempt = question.Attempt + 1 }), RemovePause);
            return;
        }

        Answer(question, new NetworksMessage.Failed(question.Token, error is MissingException ? error.Message : EngineFaults.Text(error), EngineFaults.IsTemporary(error)));
    }

    private void Answer(Question question, NetworksMessage answer)
    {
        _busy = false;
        question.Asker.Tell(answer);
        Next();
    }

    private async Task EnsureAsync(NetworksMessage.Ensure ensure, CancellationToken cancellation)
    {
        foreach (var (key, network) in ensure.Networks) await EnsureNetworkAsync(ensure.Stack, key, network, cancellation);
        foreach (var (key, volume) in ensure.Volumes) await EnsureVolumeAsync(ensure.Stack, key, volume, cancellation);
    }

    private async Task EnsureNetworkAsync(string stack, string key, NetworkSpec network, CancellationToken cancellation)
    {
        if (await ExistsAsync(_engine.InspectNetworkAsync(network.EngineName, cancellation))) return;
        if (network.External) throw new MissingException($"external network {network.EngineName} does not exist on host {_options.HostName}; create it there: docker network create {network.EngineName}");
        try
        {
            await _engine.CreateNetworkAsync(NetworkRequest(stack, key, network), cancellation);
            LogNetworkCreated(network.EngineName);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.Conflict)
        {
            // Another program made it in between; or it overlaps with one of another name, and then it is still missing.
            if (!await ExistsAsync(_engine.InspectNetworkAsync(network.EngineName, cancellation))) throw;
        }
    }

    private async Task EnsureVolumeAsync(string stack, string key, VolumeSpec volume, CancellationToken cancellation)
    {
        if (await ExistsAsync(_engine.InspectVolumeAsync(volume.EngineName, cancellation))) return;
        if (volume.External) throw new MissingException($"external volume {volume.EngineName} does not exist on host {_options.HostName}; create it there: docker volume create {volume.EngineName}");

        // Creating a volume that has appeared in between returns it.
        await _engine.CreateVolumeAsync(VolumeRequest(stack, key, volume), cancellation);
        LogVolumeCreated(volume.EngineName);
    }

    private async Task RemoveAsync(NetworksMessage.Remove remove, CancellationToken cancellation)
    {
        foreach (var network in remove.Networks) await ExistsAsync(_engine.RemoveNetworkAsync(network, cancellation));
        foreach (var volume in remove.Volumes) await ExistsAsync(_engine.RemoveVolumeAsync(volume, force: false, cancellation));
    }

    private static async Task<bool> ExistsAsync(Task call)
    {
        try
        {
            await call;
            return true;
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            return false;
        }
    }

    private static CreateNetwork NetworkRequest(string stack, string key, NetworkSpec network) => new()
    {
        Name = network.EngineName,
        Driver = network.Driver,
        Options = network.DriverOptions,
        Labels = Labels(network.Labels, stack, ReplicaLabels.ComposeNetwork, key),
        Internal = network.Internal,
        Attachable = network.Attachable,
        EnableIpv6 = network.EnableIpv6,
        Subnet = network.Subnet,
        Gateway = network.Gateway,
    };

    private static CreateVolume VolumeRequest(string stack, string key, VolumeSpec volume) => new()
    {
        Name = volume.EngineName,
        Driver = volume.Driver,
        Options = volume.DriverOptions,
        Labels = Labels(volume.Labels, stack, ReplicaLabels.ComposeVolume, key),
    };

    private static ImmutableSortedDictionary<string, string> Labels(ImmutableSortedDictionary<string, string> own, string stack, string label, string key) => own
        .SetItem(ReplicaLabels.Stack, stack)
        .SetItem(ReplicaLabels.ComposeProject, stack)
        .SetItem(label, key);

    private sealed record Question(IActorRef Asker, NetworksMessage Message, long Token)
    {
        public int Attempt { get; init; } = 1;
    }

    private sealed record TryAgain(Question Question);

    /// <summary>An external network or volume that is not there; the message is for people.</summary>
    private sealed class MissingException(string message) : Exception(message);
}
