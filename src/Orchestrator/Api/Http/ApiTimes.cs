namespace Orchestrator.Api.Http;

/// <summary>The API's waits; every one has an end.</summary>
public sealed record ApiTimes
{
    /// <summary>An empty line goes out on a stream when nothing else has for this long. Default 2 s.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A stream silent for this long is taken as lost: four keep-alives missed. Default 8 s.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>A single question and its answer. Default 30 s.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A plan asks every host concerned to resolve images at slow registries. Default 5 min.</summary>
    public TimeSpan Plan { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Maintenance is answered once its hosts show it; longer than the coordinator's own bound on that. Default 90 s.</summary>
    public TimeSpan Maintenance { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long a follower of a change tries to find a coordinator again: enough for a restart or a new leader. Default 60 s.</summary>
    public TimeSpan Reconnect { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two attempts within <see cref="Reconnect"/>. Default 1 s.</summary>
    public TimeSpan ReconnectPause { get; init; } = TimeSpan.FromSeconds(1);
}
