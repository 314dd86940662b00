using System.Runtime.CompilerServices;
using Orchestrator.Engine;

namespace Orchestrator.Simulation;

/// <summary>A host's engine as one life of its agent sees it: each call is told to the world first, which may end that life before or after the call's effect.</summary>
internal sealed class SimEngine(World world, SimHost host, SimProcess process, IEngine engine) : IEngine
{
    public string Address => engine.Address;

    public Task PingAsync(CancellationToken cancellation) => Do("", engine.PingAsync, cancellation);

    public Task<EngineVersion> VersionAsync(CancellationToken cancellation) => Do("", engine.VersionAsync, cancellation);

    public Task<EngineInfo> InfoAsync(CancellationToken cancellation) => Do("", engine.InfoAsync, cancellation);

    public async IAsyncEnumerable<EngineEvent> EventsAsync(EngineFilters filters, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, process.Death);
        await foreach (var happened in engine.EventsAsync(filters, either.Token)) yield return happened;
    }

    public Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(EngineFilters filters, bool all, CancellationToken cancellation) => Do("", c => engine.ListContainersAsync(filters, all, c), cancellation);

    public Task<string> CreateContainerAsync(string name, CreateContainer request, CancellationToken cancellation) => Do(name, c => engine.CreateContainerAsync(name, request, c), cancellation);

    public Task<ContainerDetails> InspectContainerAsync(string container, CancellationToken cancellation) => Do(container, c => engine.InspectContainerAsync(container, c), cancellation);

    public Task<bool> StartContainerAsync(string container, CancellationToken cancellation) => Do(container, c => engine.StartContainerAsync(container, c), cancellation);

    public Task<bool> StopContainerAsync(string container, TimeSpan? grace, CancellationToken cancellation) => Do(container, c => host.StopsNever(container) ? NeverAsync<bool>(c) : engine.StopContainerAsync(container, grace, c), cancellation);

    public Task KillContainerAsync(string container, string signal, CancellationToken cancellation) => Do(container, c => engine.KillContainerAsync(container, signal, c), cancellation);

    public Task RenameContainerAsync(string container, string name, CancellationToken cancellation) => Do(container, c => engine.RenameContainerAsync(container, name, c), cancellation);

    public Task RemoveContainerAsync(string container, bool force, bool volumes, CancellationToken cancellation) => Do(container, c => engine.RemoveContainerAsync(container, force, volumes, c), cancellation);

    public Task UpdateRestartPolicyAsync(string container, RestartPolicy policy, CancellationToken cancellation) => Do(container, c => engine.UpdateRestartPolicyAsync(container, policy, c), cancellation);

    public Task<long> WaitContainerAsync(string container, CancellationToken cancellation) => Do(container, c => engine.WaitContainerAsync(container, c), cancellation);

    public IAsyncEnumerable<LogLine> LogsAsync(string container, LogsRequest request, CancellationToken cancellation) => engine.LogsAsync(container, request, cancellation);

    public Task<ExecResult> ExecAsync(string container, ExecRequest request, int outputBytesMax, CancellationToken cancellation) => Do(container, c => engine.ExecAsync(container, request, outputBytesMax, c), cancellation);

    public Task PutArchiveAsync(string container, string path, Stream tar, CancellationToken cancellation) => Do(container, c => engine.PutArchiveAsync(container, path, tar, c), cancellation);

    public Task<Stream> GetArchiveAsync(string container, string path, CancellationToken cancellation) => Do(container, c => engine.GetArchiveAsync(container, path, c), cancellation);

    public Task<ContainerStats> StatsAsync(string container, CancellationToken cancellation) => Do(container, c => engine.StatsAsync(container, c), cancellation);

    public Task ConnectNetworkAsync(string network, string container, EndpointSettings settings, CancellationToken cancellation) => Do(network, c => engine.ConnectNetworkAsync(network, container, settings, c), cancellation);

    public Task PullImageAsync(string reference, RegistryAuth? auth, IProgress<PullProgress>? progress, CancellationToken cancellation) => Do(reference, c => engine.PullImageAsync(reference, auth, progress, c), cancellation);

    public Task<ImageDetails> InspectImageAsync(string reference, CancellationToken cancellation) => Do(reference, c => engine.InspectImageAsync(reference, c), cancellation);

    public Task<IReadOnlyList<ImageSummary>> ListImagesAsync(EngineFilters filters, CancellationToken cancellation) => Do("", c => engine.ListImagesAsync(filters, c), cancellation);

    public Task<IReadOnlyList<string>> LoadImageAsync(Stream tar, CancellationToken cancellation) => Do("", c => engine.LoadImageAsync(tar, c), cancellation);

    public Task RemoveImageAsync(string reference, bool force, CancellationToken cancellation) => Do(reference, c => engine.RemoveImageAsync(reference, force, c), cancellation);

    public Task<DistributionDetails> InspectDistributionAsync(string reference, RegistryAuth? auth, CancellationToken cancellation) => Do(reference, c => engine.InspectDistributionAsync(reference, auth, c), cancellation);

    public Task<string> CreateNetworkAsync(CreateNetwork request, CancellationToken cancellation) => Do(request.Name, c => engine.CreateNetworkAsync(request, c), cancellation);

    public Task<NetworkDetails> InspectNetworkAsync(string network, CancellationToken cancellation) => Do(network, c => engine.InspectNetworkAsync(network, c), cancellation);

    public Task<IReadOnlyList<NetworkDetails>> ListNetworksAsync(EngineFilters filters, CancellationToken cancellation) => Do("", c => engine.ListNetworksAsync(filters, c), cancellation);

    public Task RemoveNetworkAsync(string network, CancellationToken cancellation) => Do(network, c => engine.RemoveNetworkAsync(network, c), cancellation);

    public Task<VolumeDetails> CreateVolumeAsync(CreateVolume request, CancellationToken cancellation) => Do(request.Name, c => engine.CreateVolumeAsync(request, c), cancellation);

    public Task<VolumeDetails> InspectVolumeAsync(string volume, CancellationToken cancellation) => Do(volume, c => engine.InspectVolumeAsync(volume, c), cancellation);

    public Task<IReadOnlyList<VolumeDetails>> ListVolumesAsync(EngineFilters filters, CancellationToken cancellation) => Do("", c => engine.ListVolumesAsync(filters, c), cancellation);

    public Task RemoveVolumeAsync(string volume, bool force, CancellationToken cancellation) => Do(volume, c => engine.RemoveVolumeAsync(volume, force, c), cancellation);

    private static async Task<T> NeverAsync<T>(CancellationToken cancellation)
    {
        var never = new TaskCompletionSource<T>();
        await using var registration = cancellation.Register(() => never.TrySetCanceled(cancellation));
        return await never.Task;
    }

    private Task Do(string subject, Func<CancellationToken, Task> call, CancellationToken cancellation, [CallerMemberName] string operation = "") => Do(
        subject,
        async c =>
        {
            await call(c);
            return true;
        },
        cancellation,
        operation);

    private async Task<T> Do<T>(string subject, Func<CancellationToken, Task<T>> call, CancellationToken cancellation, [CallerMemberName] string operation = "")
    {
        world.AssertThread();
        return await process.CallAsync(
            async c =>
            {
                host.OnCall(process, operation, subject, isBefore: true);
                c.ThrowIfCancellationRequested();
                var result = await call(c);
                if (process.IsAlive) host.OnCall(process, operation, subject, isBefore: false);
                return result;
            },
            cancellation);
    }
}
