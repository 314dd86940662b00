using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Networks;

/// <summary><c>/user/agent/networks</c>: makes and removes networks and volumes and gives out addresses, one question after the other, for engines below 1.44 gladly make two networks of one name.</summary>
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
    private readonly OverlayBridges? _bridges;
    private readonly NetworkKeeper _keeper;
    private readonly Queue<Question> _queue = [];
    private bool _busy;

    public NetworksActor(IEngine engine, AgentOptions options, ILogger logger)
    {
        _engine = engine;
        _options = options;
        _logger = logger;
        _bridges = options.Overlay is { } overlay ? new OverlayBridges(overlay) : null;
        _keeper = new NetworkKeeper(engine, options.HostName, _bridges, LogNetworkCreated);
        Receive<NetworksMessage.Ensure>(ensure => Enqueue(new Question(Sender, ensure, ensure.Token)));
        Receive<NetworksMessage.Span>(OnSpan);
        Receive<Verify>(_ => OnVerify());
        Receive<NetworksMessage.Keep>(OnKeep);
        Receive<CollectTick>(_ => OnCollect());
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

    private void Begin(Question question)
    {
        var now = Now;
        Call(
            "making or removing networks and volumes",
            QuestionMax,
            cancellation => question.Message switch
            {
                NetworksMessage.Ensure ensure => EnsureAsync(ensure, now, cancellation),
                NetworksMessage.Span span => SpanAsync(span, cancellation),
                Collect collect => CollectAsync(collect, now, cancellation),
                NetworksMessage.Remove remove => RemoveAsync(remove, cancellation),
                var other => throw new InvalidOperationException($"no question: {other}"),
            },
            addresses => Answer(question, new NetworksMessage.Done(question.Token) { Addresses = addresses }),
            error => OnFailed(question, error));
    }

    private void OnFailed(Question question, Exception error)
    {
        if (question.Message is NetworksMessage.Remove && (EngineFaults.IsConflict(error) || EngineFaults.IsTemporary(error)) && question.Attempt < RemoveAttempts)
        {
            Timers.StartSingleTimer("again", new TryAgain(question with { Attempt = question.Attempt + 1 }), RemovePause);
            return;
        }

        Answer(question, new NetworksMessage.Failed(question.Token, EngineFaults.Text(error), EngineFaults.IsTemporary(error) || error is SpanException { IsTemporary: true }));
    }

    private void Answer(Question question, NetworksMessage answer)
    {
        _busy = false;
        if (question.IsVerify) EndVerify((answer as NetworksMessage.Failed)?.Message);
        if (question.Message is Collect collect) EndCollect(collect, isDone: answer is NetworksMessage.Done);
        question.Asker.Tell(answer);
        Next();
    }

    private async Task<ImmutableSortedDictionary<string, string>> EnsureAsync(NetworksMessage.Ensure ensure, DateTimeOffset now, CancellationToken cancellation)
    {
        var addresses = await _keeper.EnsureAsync(ensure, now, cancellation);
        foreach (var network in ensure.Networks.Values) _ensured[network.EngineName] = now;
        foreach (var (key, volume) in ensure.Volumes) await EnsureVolumeAsync(ensure.Stack, key, volume, cancellation);
        return addresses;
    }

    private async Task EnsureVolumeAsync(string stack, string key, VolumeSpec volume, CancellationToken cancellation)
    {
        if (await ExistsAsync(_engine.InspectVolumeAsync(volume.EngineName, cancellation))) return;
        if (volume.External) throw new NetworkException($"external volume {volume.EngineName} does not exist on host {_options.HostName}; create it there: docker volume create {volume.EngineName}");

        // Creating a volume that has appeared in between returns it.
        await _engine.CreateVolumeAsync(VolumeRequest(stack, key, volume), cancellation);
        LogVolumeCreated(volume.EngineName);
    }

    private async Task<ImmutableSortedDictionary<string, string>> RemoveAsync(NetworksMessage.Remove remove, CancellationToken cancellation)
    {
        foreach (var network in remove.Networks) await RemoveNetworkAsync(network, network, cancellation);
        foreach (var volume in remove.Volumes) await ExistsAsync(_engine.RemoveVolumeAsync(volume, force: false, cancellation));
        return ImmutableSortedDictionary<string, string>.Empty;
    }

    /// <summary>Its device last: as long as the engine keeps the network, containers may use it.</summary>
    private async Task RemoveNetworkAsync(string network, string name, CancellationToken cancellation)
    {
        await ExistsAsync(_engine.RemoveNetworkAsync(network, cancellation));
        if (_bridges is not null) await _bridges.DetachAsync(name, cancellation);
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

    private static CreateVolume VolumeRequest(string stack, string key, VolumeSpec volume) => new()
    {
        Name = volume.EngineName,
        Driver = volume.Driver,
        Options = volume.DriverOptions,
        Labels = ResourceLabels.For(volume.Labels, stack, ReplicaLabels.ComposeVolume, key),
    };

    private sealed record Question(IActorRef Asker, NetworksMessage Message, long Token)
    {
        public int Attempt { get; init; } = 1;

        /// <summary>Asked by nobody.</summary>
        public bool IsVerify { get; init; }
    }

    private sealed record TryAgain(Question Question);
}
