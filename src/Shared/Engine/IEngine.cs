namespace Orchestrator.Engine;

/// <summary>A Docker engine. Every member throws <see cref="EngineException"/> for the daemon's refusals and for an engine that cannot be reached.</summary>
/// <remarks>Names and meanings are the Docker Engine API's, https://docs.docker.com/reference/api/engine/. A real engine and the tests' fake pass one contract suite.</remarks>
public interface IEngine
{
    /// <summary>Where it is, for messages: <c>unix:///var/run/docker.sock</c>.</summary>
    string Address { get; }

    Task PingAsync(CancellationToken cancellation);

    Task<EngineVersion> VersionAsync(CancellationToken cancellation);

    Task<EngineInfo> InfoAsync(CancellationToken cancellation);

    /// <summary>One connection's events, from now on; the first one is <see cref="EngineEvent.IsStreamOpen"/>. Ends with <see cref="EngineException"/> when the connection ends: then list again and call again, for the engine keeps no full backlog.</summary>
    IAsyncEnumerable<EngineEvent> EventsAsync(EngineFilters filters, CancellationToken cancellation);

    Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(EngineFilters filters, bool all, CancellationToken cancellation);

    /// <summary>Returns the id. 409 when the name is taken.</summary>
    Task<string> CreateContainerAsync(string name, CreateContainer request, CancellationToken cancellation);

    Task<ContainerDetails> InspectContainerAsync(string container, CancellationToken cancellation);

    /// <summary>False when it ran already.</summary>
    Task<bool> StartContainerAsync(string container, CancellationToken cancellation);

    /// <summary>False when it was stopped already. Waits for the container to stop, so the call may take <paramref name="grace"/> and more.</summary>
    Task<bool> StopContainerAsync(string container, TimeSpan? grace, CancellationToken cancellation);

    Task KillContainerAsync(string container, string signal, CancellationToken cancellation);

    Task RenameContainerAsync(string container, string name, CancellationToken cancellation);

    Task RemoveContainerAsync(string container, bool force, bool volumes, CancellationToken cancellation);

    Task UpdateRestartPolicyAsync(string container, RestartPolicy policy, CancellationToken cancellation);

    /// <summary>Returns the exit code once the container is not running.</summary>
    Task<long> WaitContainerAsync(string container, CancellationToken cancellation);

    /// <summary>Demultiplexed lines; ends when the container stops if following, else at the end of what there is.</summary>
    IAsyncEnumerable<LogLine> LogsAsync(string container, LogsRequest request, CancellationToken cancellation);

    /// <summary>Runs a command to its end. Output past <paramref name="outputBytesMax"/> is dropped.</summary>
    Task<ExecResult> ExecAsync(string container, ExecRequest request, int outputBytesMax, CancellationToken cancellation);

    Task PutArchiveAsync(string container, string path, Stream tar, CancellationToken cancellation);

    Task<Stream> GetArchiveAsync(string container, string path, CancellationToken cancellation);

    Task<ContainerStats> StatsAsync(string container, CancellationToken cancellation);

    Task ConnectNetworkAsync(string network, string container, EndpointSettings settings, CancellationToken cancellation);

    /// <summary>Pulls one image to its end; the stream's own error becomes <see cref="EngineException"/>. <paramref name="reference"/> may carry a digest; without tag and digest, <c>latest</c> is pulled.</summary>
    Task PullImageAsync(string reference, RegistryAuth? auth, IProgress<PullProgress>? progress, CancellationToken cancellation);

    Task<ImageDetails> InspectImageAsync(string reference, CancellationToken cancellation);

    Task<IReadOnlyList<ImageSummary>> ListImagesAsync(EngineFilters filters, CancellationToken cancellation);

    /// <summary>Returns the loaded references or ids.</summary>
    Task<IReadOnlyList<string>> LoadImageAsync(Stream tar, CancellationToken cancellation);

    Task RemoveImageAsync(string reference, bool force, CancellationToken cancellation);

    /// <summary>Asks the registry, through the engine, for the digest of a reference.</summary>
    Task<DistributionDetails> InspectDistributionAsync(string reference, RegistryAuth? auth, CancellationToken cancellation);

    /// <summary>Returns the id.</summary>
    Task<string> CreateNetworkAsync(CreateNetwork request, CancellationToken cancellation);

    Task<NetworkDetails> InspectNetworkAsync(string network, CancellationToken cancellation);

    Task<IReadOnlyList<NetworkDetails>> ListNetworksAsync(EngineFilters filters, CancellationToken cancellation);

    Task RemoveNetworkAsync(string network, CancellationToken cancellation);

    Task<VolumeDetails> CreateVolumeAsync(CreateVolume request, CancellationToken cancellation);

    Task<VolumeDetails> InspectVolumeAsync(string volume, CancellationToken cancellation);

    Task<IReadOnlyList<VolumeDetails>> ListVolumesAsync(EngineFilters filters, CancellationToken cancellation);

    Task RemoveVolumeAsync(string volume, bool force, CancellationToken cancellation);
}
