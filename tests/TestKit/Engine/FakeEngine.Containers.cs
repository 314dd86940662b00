using System.Collections.Immutable;
using System.Globalization;

namespace Orchestrator.Engine.Fakes;

public sealed partial class FakeEngine
{
    private readonly List<FakeContainer> _containers = [];

    public Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(EngineFilters filters, bool all, CancellationToken cancellation) => CallAsync<IReadOnlyList<ContainerSummary>>("", () =>
    {
        FakeFilters.Check(filters, FakeFilters.ContainerKeys, Address);
        return [.. _containers.Where(container => (all || filters.Values.ContainsKey("status") || container.Status is "running" or "restarting") && Matches(filters, container)).Reverse().Select(Summary)];
    }, cancellation);

    public Task<string> CreateContainerAsync(string name, CreateContainer request, CancellationToken cancellation) => CallAsync(name, () =>
    {
        if (_containers.Find(container => container.Name == name) is { } other)
        {
            throw Refuse(409, $"Conflict. The container name \"/{name}\" is already in use by container \"{other.Id}\". You have to remove (or rename) that container to be able to reuse that name.");
        }

        var image = FindImage(request.Image) ?? throw Refuse(404, $"No such image: {request.Image}");
        var container = new FakeContainer(NextId(), name, request, image, _time.GetUtcNow());
        foreach (var volume in VolumesOf(request)) AddVolume(new CreateVolume { Name = volume });
        foreach (var mount in request.Mounts.Where(mount => mount.Type != "tmpfs")) container.Files.AddFolder(mount.Target);
        _containers.Add(container);
        Emit(container, "create");
        return container.Id;
    }, cancellation);

    public Task<ContainerDetails> InspectContainerAsync(string container, CancellationToken cancellation) => CallAsync(container, () => Details(Find(container)), cancellation);

    public Task<bool> StartContainerAsync(string container, CancellationToken cancellation) => CallTaskAsync(container, () =>
    {
        var found = Find(container);
        if (found.Status is "running" or "restarting") return Task.FromResult(false);

        // As Docker: a start that is not its own begins to count anew.
        found.RestartCount = 0;
        var started = new TaskCompletionSource<bool>();
        if (found.Image.StartTakes <= TimeSpan.Zero)
        {
            Start(found);
            return Task.FromResult(true);
        }

        After(found, found.Image.StartTakes, () =>
        {
            try
            {
                if (!found.IsRunning) Start(found);
                Later(() => started.TrySetResult(true));
            }
            catch (EngineException e)
            {
                Later(() => started.TrySetException(e));
            }
        });
        return started.Task;
    }, cancellation);

    public Task<bool> StopContainerAsync(string container, TimeSpan? grace, CancellationToken cancellation) => CallTaskAsync(container, () =>
    {
        var found = Find(container);
        if (found.Status is not ("running" or "restarting")) return Task.FromResult(false);
        found.IsManuallyStopped = true;
        if (found.Status == "restarting")
        {
            found.Run++;
            found.Status = "exited";
            return Task.FromResult(true);
        }

        var stopped = new TaskCompletionSource<bool>();
        found.Waiters.Add(_ => stopped.TrySetResult(true));
        var limit = grace ?? found.Request.StopTimeout ?? TimeSpan.FromSeconds(10);
        var takes = Signal(found, found.Request.StopSignal ?? "SIGTERM");
        if (takes is not { } ends || ends > limit) After(found, limit, () => Signal(found, "SIGKILL"));
        return stopped.Task;
    }, cancellation);

    public Task KillContainerAsync(string container, string signal, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        if (!found.IsRunning) throw Refuse(409, $"Cannot kill container: {container}: Container {found.Id} is not running");
        var name = signal.StartsWith("SIG", StringComparison.Ordinal) ? signal : "SIG" + signal;
        if (IsKill(name) || name == (found.Request.StopSignal ?? "SIGTERM")) found.IsManuallyStopped = true;
        Signal(found, name);
        return true;
    }, cancellation);

    public Task RenameContainerAsync(string container, string name, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        if (_containers.Exists(other => other.Name == name)) throw Refuse(409, $"Error when allocating new name: Conflict. The container name \"/{name}\" is already in use");
        var old = found.Name;
        found.Name = name;
        Emit(found, "rename", ("oldName", "/" + old));
        return true;
    }, cancellation);

    public Task RemoveContainerAsync(string container, bool force, bool volumes, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        if (found.Status is "running" or "restarting")
        {
            if (!force) throw Refuse(409, $"You cannot remove a {found.Status} container {found.Id}. Stop the container before attempting removal or force remove");
            found.IsManuallyStopped = true;
            if (found.IsRunning) Signal(found, "SIGKILL");
        }

        found.Run++;
        foreach (var timer in found.Timers) timer.Dispose();
        found.Timers.Clear();
        _containers.Remove(found);
        Emit(found, "destroy");
        return true;
    }, cancellation);

    public Task UpdateRestartPolicyAsync(string container, RestartPolicy policy, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        found.RestartPolicy = policy;
        Emit(found, "update");
        return true;
    }, cancellation);

    public Task<long> WaitContainerAsync(string container, CancellationToken cancellation) => CallTaskAsync(container, () =>
    {
        var found = Find(container);
        if (!found.IsRunning) return Task.FromResult((long)found.ExitCode);
        var exited = new TaskCompletionSource<long>();
        found.Waiters.Add(code => exited.TrySetResult(code));
        return exited.Task;
    }, cancellation);

    public Task<ContainerStats> StatsAsync(string container, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        if (!found.IsRunning) return new ContainerStats(0, 0, 0, 0, 0, 0);
        var ran = (ulong)found.Ran(_time).TotalMicroseconds;
        return new ContainerStats(found.Image.MemoryBytes, found.Request.MemoryBytes ?? Info.MemoryBytes, ran, ran * 1000 * (ulong)Info.Cpus, Info.Cpus, 1);
    }, cancellation);

    public Task PutArchiveAsync(string container, string path, Stream tar, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        if (!found.Files.HasFolder(path)) throw Refuse(404, $"Could not find the file {path} in container {container}");
        if (found.Request.ReadonlyRootfs) throw Refuse(403, "container rootfs is marked read-only");
        found.Files.Extract(path, tar);
        return true;
    }, cancellation);

    public Task<Stream> GetArchiveAsync(string container, string path, CancellationToken cancellation) => CallAsync(container, () =>
        Find(container).Files.Pack(path) ?? throw Refuse(404, $"Could not find the file {path} in container {container}"), cancellation);

    private FakeContainer Find(string container)
    {
        var name = container.TrimStart('/');
        return _containers.Find(found => found.Id == name) ?? _containers.Find(found => found.Name == name)
            ?? (_containers.Where(found => name.Length > 0 && found.Id.StartsWith(name, StringComparison.Ordinal)).Take(2).ToArray() is [var only] ? only : null)
            ?? throw Refuse(404, $"No such container: {container}");
    }

    private static bool Matches(EngineFilters filters, FakeContainer container) =>
        FakeFilters.Labels(filters, container.Request.Labels)
        && FakeFilters.Any(filters, "name", name => name == container.Name)
        && FakeFilters.Any(filters, "id", id => container.Id.StartsWith(id, StringComparison.Ordinal))
        && FakeFilters.Any(filters, "status", status => status == container.Status)
        && FakeFilters.Any(filters, "network", network => container.Networks.Exists(endpoint => endpoint.Network == network))
        && FakeFilters.Any(filters, "health", health => health == (container.Health?.Status ?? "none"));

    private ContainerSummary Summary(FakeContainer container) => new()
    {
        Id = container.Id,
        Name = container.Name,
        Image = container.Request.Image,
        ImageId = container.Image.Id,
        State = container.IsPaused ? "paused" : container.Status,
        Status = container.IsRunning ? "Up" + (container.Health is { } health ? $" ({health.Status})" : "") : container.FinishedAt is null ? "Created" : $"Exited ({container.ExitCode})",
        Labels = container.Request.Labels,
        Created = container.Created,
        Ports = [.. container.Ports],
        UsesHostNetwork = container.Request.NetworkMode == "host",
        Addresses = container.Networks.ToImmutableDictionary(endpoint => endpoint.Network, endpoint => endpoint.Settings.Ipv4Address ?? container.Addresses.GetValueOrDefault(endpoint.Network, "")),
    };

    private static ContainerDetails Details(FakeContainer container) => new()
    {
        Id = container.Id,
        Name = container.Name,
        Image = container.Request.Image,
        ImageId = container.Image.Id,
        Status = container.IsPaused ? "paused" : container.Status,
        Running = container.Status is "running" or "restarting",
        OomKilled = container.OomKilled,
        ExitCode = container.ExitCode,
        Error = container.Error,
        Created = container.Created,
        StartedAt = container.StartedAt,
        FinishedAt = container.FinishedAt,
        RestartCount = container.RestartCount,
        Tty = container.Request.Tty,
        RestartPolicy = container.RestartPolicy,
        Labels = container.Request.Labels,
        Healthcheck = container.Healthcheck,
        Health = container.Health,
        Addresses = container.Networks.ToImmutableDictionary(endpoint => endpoint.Network, endpoint => container.Addresses.GetValueOrDefault(endpoint.Network, "")),
        NetworkMode = container.Request.NetworkMode ?? (container.Networks is [var first, ..] ? first.Network : "default"),
        Ports = [.. container.Ports],
        MemoryBytes = container.Request.MemoryBytes ?? 0,
        Env = [.. container.Request.Env.Where(pair => pair.Contains('=', StringComparison.Ordinal))],
    };

    private static string Code(int code) => code.ToString(CultureInfo.InvariantCulture);
}
