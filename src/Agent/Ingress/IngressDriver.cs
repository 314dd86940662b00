using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Agent.Ingress.Runtime;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Ingress;

/// <summary>
/// Brings what runs to what is wanted, by looks: each compares, does what can be done at once, and says when to look again; none waits. What it remembers
/// between looks only paces it, so that a new one goes on where another has ended. Not for two looks at a time.
/// </summary>
internal sealed class IngressDriver(IngressOptions options, IIngressInstances instances, Func<ListenAddress, string?> holder, bool hasIpv6)
{
    /// <summary>For a process to load its configuration; with hundreds of certificates it takes a second or two.</summary>
    private static readonly TimeSpan LoadMax = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LoadTick = TimeSpan.FromMilliseconds(50);

    /// <summary>For an instance that was replaced to finish what it has.</summary>
    private static readonly TimeSpan RetireMax = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan RetireTick = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RetryMax = TimeSpan.FromMinutes(1);

    /// <summary>Commands told to one process in one look: what is left comes with the next.</summary>
    private const int CommandsMax = 5_000;

    private readonly IngressPaths _paths = new(options);
    private readonly IngressFiles _files = new(new IngressPaths(options));
    private readonly Dictionary<string, DateTimeOffset> _drainSince = [];
    private readonly Dictionary<string, DateTimeOffset> _retiredSince = [];
    private readonly Dictionary<string, DateTimeOffset> _silentSince = [];

    /// <summary>Instances that have answered once.</summary>
    private readonly HashSet<string> _served = [];

    private readonly Retry _starting = new();
    private readonly Retry _loading = new();
    private readonly CounterBook _counters = new();
    private readonly RefusedServices _services = new();
    private readonly List<string> _deeds = [];
    private readonly List<TrafficProblem> _problems = [];
    private ImmutableSortedDictionary<string, TrafficProblem> _refused = ImmutableSortedDictionary<string, TrafficProblem>.Empty;
    private DateTimeOffset? _idleSince;
    private Load? _load;

    /// <summary>The file that the newest instance was started with.</summary>
    private string? _startedWith;

    /// <summary>The file that the serving process has loaded, while another one is being tried.</summary>
    private string? _previous;

    /// <exception cref="IngressException">For people; look again later.</exception>
    public async Task<IngressOutcome> LookAsync(HostTraffic traffic, DateTimeOffset now, CancellationToken cancellation)
    {
        _deeds.Clear();
        _problems.Clear();
        var wanted = traffic;
        traffic = _services.Replace(wanted);
        var draining = Draining(traffic, now);
        var found = instances.Problem is null && _paths.Problem is null ? await instances.ListAsync(cancellation) : [];
        var bound = found.Any(instance => instance.IsRunning) ? BoundAddresses(_files.Config) : [];
        var layout = IngressLayout.Of(traffic, address => bound.Contains(address.ToString()) ? null : holder(address));
        _refused = Joined(layout.Refused);

        _idleSince = layout.HasListeners ? null : _idleSince ?? now;
        if (_idleSince is not null && found.IsEmpty) return Done(true, null, [.. draining.Keys]);
        if (now - _idleSince >= options.Linger && draining.Count == 0) return await EndAsync(found, cancellation);
        if ((instances.Problem ?? _paths.Problem) is { } problem) throw new IngressException(problem, isFinal: true);

        var config = IngressConfig.For(layout, _paths, options, hasIpv6);
        Write(layout, config, now);
        var running = await RunningAsync(wanted, found, now, cancellation);
        if (running.Serving is not { } serving) return Done(false, running.Next ?? LoadTick, []);

        await NoteCountersAsync(await WorkersAsync(serving, running.Others, cancellation), traffic, cancellation);
        var isLoaded = await LoadAsync(wanted, serving, layout, config, now, cancellation);
        if (isLoaded) _services.Shown(traffic);
        var next = isLoaded ? running.Next : LoadTick;
        if (_loading.IsWaiting(config.Structure, now)) next = _loading.At - now;
        if (isLoaded) next = Sooner(next, await RetireOthersAsync(running.Others, serving, now, cancellation));
        var workers = await WorkersAsync(serving, running.Others, cancellation);
        var isShown = await ShowAsync(workers, layout, traffic, cancellation) && isLoaded;
        var drained = await DrainAsync(workers, draining, now, cancellation);
        if (draining.Count > drained.Count) next = Sooner(next, DrainWindow.Tick);
        if (!isShown) next = Sooner(next, isLoaded ? DrainWindow.Tick : LoadTick);
        if (isShown && _load is null) _files.Tidy(config);
        return Done(isShown, next, drained);
    }

    /// <summary>By endpoint, over every process that runs, new or finishing, and those that have ended.</summary>
    public async Task<ImmutableSortedDictionary<string, EndpointCounters>> ReadAsync(CancellationToken cancellation)
    {
        var stats = ImmutableArray.CreateBuilder<(string, WorkerStats)>();
        if (instances.Problem is not null) return ImmutableSortedDictionary<string, EndpointCounters>.Empty;
        var reading = _counters.Begin();
        foreach (var instance in (await instances.ListAsync(cancellation)).Where(instance => instance.IsRunning))
        {
            var client = Client(instance);
            foreach (var pid in ProcessTable.Parse(await client.MasterAsync("show proc", cancellation)).All)
            {
                stats.Add((ProcessOf(instance.Id, pid), await CountersAsync(new Worker(client, pid, instance.Id, IsServing: false), cancellation)));
            }
        }

        return _counters.Take(reading, stats, known: null);
    }

    /// <summary>What is judged by its counters is read at each look, the one before a reload among them.</summary>
    private async Task NoteCountersAsync(ImmutableArray<Worker> workers, HostTraffic traffic, CancellationToken cancellation)
    {
        if (!traffic.Services.Any(pair => pair.Service.Spec.Slo is not null)) return;
        var reading = _counters.Begin();
        var stats = ImmutableArray.CreateBuilder<(string, WorkerStats)>();
        foreach (var worker in workers)
        {
            try
            {
                stats.Add((ProcessOf(worker.Instance, worker.Pid), await CountersAsync(worker, cancellation)));
            }
            catch (RuntimeException) when (!worker.IsServing)
            {
                // It has just ended.
            }
        }

        _counters.Take(reading, stats, [.. traffic.Services.SelectMany(pair => pair.Service.Endpoints).Select(endpoint => endpoint.Id)]);
    }

    private async Task<WorkerStats> CountersAsync(Worker worker, CancellationToken cancellation)
    {
        var stats = WorkerStats.Parse(await worker.AskAsync(WorkerStats.Command, cancellation));
        return _files.Config?.Contains(_paths.Latency, StringComparison.Ordinal) == true ? stats.WithLatencies(Answers.Latencies(await worker.AskAsync(LatencyScript.Command, cancellation))) : stats;
    }

    private static string ProcessOf(string instance, int pid) => string.Create(CultureInfo.InvariantCulture, $"{instance}/{pid}");

    private IngressOutcome Done(bool isShown, TimeSpan? next, ImmutableHashSet<string> drained) =>
        new(isShown && _problems.Count == 0, next) { Problems = [.. _problems], Refused = _refused, Drained = drained, Deeds = [.. _deeds] };

    private static TimeSpan? Sooner(TimeSpan? a, TimeSpan? b) => a is null ? b : b is null ? a : a < b ? a : b;

    private RuntimeClient Client(IngressInstance instance) => new(_paths.MasterSocket(instance.Slot));

    private Dictionary<string, Endpoint> Draining(HostTraffic traffic, DateTimeOffset now)
    {
        var draining = traffic.Draining
            .DistinctBy(endpoint => endpoint.Id)
            .ToDictionary(endpoint => endpoint.Id, StringComparer.Ordinal);
        foreach (var gone in _drainSince.Keys.Where(id => !draining.ContainsKey(id)).ToArray()) _drainSince.Remove(gone);
        foreach (var id in draining.Keys) _drainSince.TryAdd(id, now);
        return draining;
    }

    /// <summary>What the processes have bound, by the file they were given.</summary>
    internal static ImmutableHashSet<string> BoundAddresses(string? config) => config is null ? [] :
    [
        .. config
            .Split('\n')
            .Where(line => line.StartsWith("  bind ", StringComparison.Ordinal) && !line.StartsWith("  bind unix@", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1])
            .Where(address => !address.StartsWith("[::]:", StringComparison.Ordinal))
            .Select(address => address.StartsWith("0.0.0.0:", StringComparison.Ordinal) ? address["0.0.0.0:".Length..] : address),
    ];

    /// <summary>A structure that HAProxy has refused is not written again before its next try: a restart must find a file that works.</summary>
    private void Write(IngressLayout layout, IngressConfig config, DateTimeOffset now)
    {
        _files.CreateFolders();
        if (_loading.IsWaiting(config.Structure, now))
        {
            _problems.Add(_loading.Problem!);
            return;
        }

        var before = _files.Config;
        _files.Write(layout, config, now);
        if (before != config.Text && before is not null && _load is null) _previous = before;
    }

    private async Task<(IngressInstance? Serving, ImmutableArray<IngressInstance> Others, TimeSpan? Next)> RunningAsync(HostTraffic wanted, ImmutableArray<IngressInstance> found, DateTimeOffset now, CancellationToken cancellation)
    {
        IngressInstance? serving = null;
        TimeSpan? next = null;
        var others = ImmutableArray.CreateBuilder<IngressInstance>();
        foreach (var instance in found.OrderByDescending(instance => instance.Created))
        {
            if (!instance.IsRunning)
            {
                if (await RemoveDeadAsync(wanted, instance, serving is null, now, cancellation)) next = LoadTick;
            }
            else if (serving is not null)
            {
                others.Add(instance);
            }
            else if (await HasWorkerAsync(instance, cancellation))
            {
                serving = instance;
                _served.Add(instance.Id);
                _silentSince.Remove(instance.Id);
            }
            else if (now - (_silentSince.TryGetValue(instance.Id, out var since) ? since : _silentSince[instance.Id] = now) < LoadMax)
            {
                next = LoadTick;
            }
            else
            {
                var why = await instances.ExplainAsync(instance, cancellation);
                if (IsolatesAfterStart(wanted, why)) next = LoadTick;
                else _starting.Failed("", now, Problem(why));
                Deed($"ingress {instance.Slot} has not answered for {LoadMax.TotalSeconds:0} s and is removed");
                await instances.RemoveAsync(instance, cancellation);
            }
        }

        if (next is null && serving is not { IsCurrent: true }) next = await StartAsync(serving, now, cancellation);
        else if (serving is { IsCurrent: true }) _starting.Clear();
        return (serving, others.ToImmutable(), next);
    }

    private async Task<bool> HasWorkerAsync(IngressInstance instance, CancellationToken cancellation)
    {
        try
        {
            return ProcessTable.Parse(await Client(instance).MasterAsync("show proc", cancellation)).Current is not null;
        }
        catch (RuntimeException)
        {
            return false;
        }
    }

    /// <returns>True: it has died of one service's lines, and the next look leaves them out.</returns>
    private async Task<bool> RemoveDeadAsync(HostTraffic wanted, IngressInstance instance, bool isMissed, DateTimeOffset now, CancellationToken cancellation)
    {
        var isIsolated = false;
        if (!_retiredSince.Remove(instance.Id) && isMissed)
        {
            var why = await instances.ExplainAsync(instance, cancellation);
            isIsolated = IsolatesAfterStart(wanted, why);
            var hasNeverServed = _silentSince.Remove(instance.Id) || (_startedWith is not null && !_served.Contains(instance.Id));
            if (hasNeverServed && !isIsolated) _starting.Failed("", now, Problem($"HAProxy ends as soon as it is started: {why}"));
            Deed($"ingress {instance.Slot} had ended: {why}");
        }

        _served.Remove(instance.Id);
        await instances.RemoveAsync(instance, cancellation);
        return isIsolated;
    }

    /// <summary>Its words are on the file as it was then.</summary>
    private bool IsolatesAfterStart(HostTraffic wanted, string why) => _startedWith is { } config && _services.Take(wanted, why, config);

    /// <summary>The first, or the follower of one that has other parameters: it takes the listening sockets over, so that no connection is refused in between.</summary>
    private async Task<TimeSpan?> StartAsync(IngressInstance? serving, DateTimeOffset now, CancellationToken cancellation)
    {
        if (_starting.IsWaiting("", now))
        {
            // One that serves goes on serving: what hinders its replacement is told in the log alone.
            if (serving is null) _problems.Add(_starting.Problem!);
            return _starting.At - now;
        }

        var slot = serving?.Slot == "a" ? "b" : "a";
        try
        {
            _startedWith = _files.Config;
            await instances.StartAsync(slot, serving is null ? null : _paths.StatsSocket(serving.Slot), cancellation);
            Deed(serving is null ? $"ingress {slot} started" : $"ingress {slot} started to replace {serving.Slot}");
            return LoadTick;
        }
        catch (IngressException e)
        {
            _starting.Failed("", now, new TrafficProblem(IngressActor.SinkName, e.Message, e.IsFinal));
            Deed($"ingress {slot} not started: {e.Message}");
            if (serving is null) _problems.Add(_starting.Problem!);
            return _starting.At - now;
        }
    }

    /// <returns>True when the serving process has loaded the structure.</returns>
    private async Task<bool> LoadAsync(HostTraffic wanted, IngressInstance serving, IngressLayout layout, IngressConfig config, DateTimeOffset now, CancellationToken cancellation)
    {
        var client = Client(serving);
        var table = ProcessTable.Parse(await client.MasterAsync("show proc", cancellation));
        if (table.Current is not { } pid) return false;
        var loaded = Answers.Description(await client.WorkerAsync(pid, "show info", cancellation));
        var hasCertificates = layout.Certificates.IsEmpty || HasAll(layout, await client.WorkerAsync(pid, Answers.CertificatesCommand, cancellation));
        if (loaded == config.Structure && hasCertificates)
        {
            _loading.Clear();
            _load = null;
            _previous = null;
            return true;
        }

        if (_loading.IsWaiting(config.Structure, now)) return false;
        if (_load is { } load && load.Structure == config.Structure && load.Instance == serving.Id)
        {
            if (table.FailedReloads == 0 && now - load.At < LoadMax) return false;
            if (table.FailedReloads > 0 || table.Current == load.Pid) await OnRefusedAsync(wanted, serving, config, now, cancellation);
            else if (loaded == config.Structure) await OnBlindAsync(serving, config, now, cancellation);
            _load = null;
            return false;
        }

        _load = new Load(config.Structure, serving.Id, pid, now);
        Deed(loaded == config.Structure ? $"configuration {loaded} is loaded again, for its certificates were not there before" : $"configuration {config.Structure} is loaded in place of {loaded ?? "none"}");
        await client.MasterAsync("reload", cancellation);
        return false;
    }

    /// <summary>The engine starts the container again after a reboot, when certificates, which are in memory only, are not there yet.</summary>
    private bool HasAll(IngressLayout layout, string answer)
    {
        var loaded = Answers.Certificates(answer);
        return layout.Certificates.All(certificate => loaded.Contains(_paths.Certificate(certificate.Id)));
    }

    /// <summary>Its folder is not the one of the host any longer: somebody has removed that one.</summary>
    private async Task OnBlindAsync(IngressInstance serving, IngressConfig config, DateTimeOffset now, CancellationToken cancellation)
    {
        var problem = Problem($"ingress {serving.Slot} does not see the certificates in {_paths.Certificates} and is made anew");
        _loading.Failed(config.Structure, now, problem);
        _problems.Add(problem);
        Deed(problem.Message);
        await instances.RemoveAsync(serving, cancellation);
    }

    private async Task OnRefusedAsync(HostTraffic wanted, IngressInstance serving, IngressConfig config, DateTimeOffset now, CancellationToken cancellation)
    {
        var why = await instances.ExplainAsync(serving, cancellation);
        if (_files.Config is { } refused && _services.Take(wanted, why, refused))
        {
            Deed($"configuration {config.Structure} is refused, and is loaded without what is refused of it: {why}");
        }
        else
        {
            var problem = Problem($"HAProxy does not take the new configuration and goes on with the old one: {why}");
            _loading.Failed(config.Structure, now, problem);
            _problems.Add(problem);
            Deed(problem.Message);
        }

        if (_previous is { } previous) _files.WriteConfig(previous);
    }

    private async Task<TimeSpan?> RetireOthersAsync(ImmutableArray<IngressInstance> others, IngressInstance serving, DateTimeOffset now, CancellationToken cancellation)
    {
        foreach (var other in others)
        {
            if (_retiredSince.TryAdd(other.Id, now))
            {
                Deed($"ingress {other.Slot} finishes what it has; {serving.Slot} serves");
                await instances.RetireAsync(other, cancellation);
            }
            else if (now - _retiredSince[other.Id] >= RetireMax)
            {
                Deed($"ingress {other.Slot} is removed with what was open after {RetireMax.TotalSeconds:0} s");
                await instances.RemoveAsync(other, cancellation);
            }
        }

        return others.IsEmpty ? null : RetireTick;
    }

    private async Task<ImmutableArray<Worker>> WorkersAsync(IngressInstance serving, ImmutableArray<IngressInstance> others, CancellationToken cancellation)
    {
        var workers = ImmutableArray.CreateBuilder<Worker>();
        foreach (var instance in others.Prepend(serving))
        {
            var client = Client(instance);
            try
            {
                var table = ProcessTable.Parse(await client.MasterAsync("show proc", cancellation));
                workers.AddRange(table.All.Select(pid => new Worker(client, pid, instance.Id, instance.Id == serving.Id && pid == table.Current)));
            }
            catch (RuntimeException) when (instance.Id != serving.Id)
            {
                // It has just ended.
            }
        }

        return workers.ToImmutable();
    }

    /// <returns>True when the serving process has, as read after the last command, the servers and the maintenance that are wanted.</returns>
    private async Task<bool> ShowAsync(ImmutableArray<Worker> workers, IngressLayout layout, HostTraffic traffic, CancellationToken cancellation)
    {
        var known = traffic.Services.SelectMany(pair => pair.Service.Endpoints).Select(endpoint => IngressLayout.ServerName(endpoint.Id)).ToImmutableHashSet(StringComparer.Ordinal);
        var isShown = false;
        foreach (var worker in workers)
        {
            try
            {
                var isThis = await ShowAsync(worker, layout, known, cancellation);
                if (worker.IsServing) isShown = isThis;
            }
            catch (RuntimeException) when (!worker.IsServing)
            {
                // It has finished and ended.
            }
        }

        return isShown;
    }

    private async Task<bool> ShowAsync(Worker worker, IngressLayout layout, ImmutableHashSet<string> known, CancellationToken cancellation)
    {
        var isMapped = await MapAsync(worker, layout.Maintenance, cancellation);
        var plan = WorkerPlan.For(layout, WorkerStats.Parse(await worker.AskAsync(WorkerStats.Command, cancellation)), known);
        if (plan.Needed.IsEmpty && plan.Cleanup.IsEmpty) return isMapped;
        string? refusal = null;
        foreach (var command in plan.Needed.Concat(plan.Cleanup).Take(CommandsMax))
        {
            var answer = (await worker.AskAsync(command, cancellation)).Trim();
            if (worker.IsServing && !command.StartsWith("enable health", StringComparison.Ordinal)) Deed(command);
            if (answer.Length > 0 && !answer.StartsWith("New server registered", StringComparison.Ordinal) && plan.Needed.Contains(command)) refusal ??= $"'{command}': {answer.ReplaceLineEndings(" ")}";
        }

        var left = WorkerPlan.For(layout, WorkerStats.Parse(await worker.AskAsync(WorkerStats.Command, cancellation)), known).Needed;
        if (left.IsEmpty) return isMapped;
        if (worker.IsServing && refusal is not null) _problems.Add(Problem($"HAProxy does not take {refusal}"));
        return false;
    }

    private async Task<bool> MapAsync(Worker worker, ImmutableSortedSet<string> wanted, CancellationToken cancellation)
    {
        var actual = Answers.MapKeys(await worker.AskAsync($"show map {_paths.Maintenance}", cancellation));
        if (actual.SetEquals(wanted)) return true;
        foreach (var service in wanted.Except(actual))
        {
            if (worker.IsServing) Deed($"{service} goes into maintenance");
            await worker.AskAsync($"add map {_paths.Maintenance} {service} 1", cancellation);
        }

        foreach (var service in actual.Except(wanted))
        {
            if (worker.IsServing) Deed($"{service} comes back from maintenance");
            await worker.AskAsync($"del map {_paths.Maintenance} {service}", cancellation);
        }

        // A process without any HTTP or TCP backend has no such map; then nothing of it is wanted either, or the structure is about to change.
        return Answers.MapKeys(await worker.AskAsync($"show map {_paths.Maintenance}", cancellation)).SetEquals(wanted);
    }

    private async Task<ImmutableHashSet<string>> DrainAsync(ImmutableArray<Worker> workers, Dictionary<string, Endpoint> draining, DateTimeOffset now, CancellationToken cancellation)
    {
        if (draining.Count == 0) return [];
        var drained = draining.Keys.ToImmutableHashSet(StringComparer.Ordinal).ToBuilder();
        foreach (var worker in workers)
        {
            try
            {
                var stats = WorkerStats.Parse(await worker.AskAsync(WorkerStats.Command, cancellation));
                foreach (var servers in stats.Servers.GroupBy(server => IngressLayout.EndpointId(server.Name)))
                {
                    if (!draining.TryGetValue(servers.Key, out var endpoint) || servers.All(server => server.IsOut && server.Open == 0)) continue;
                    var elapsed = now - _drainSince[servers.Key];
                    if (DrainWindow.IsOver(elapsed, endpoint.DrainTimeout)) await CloseAllAsync(worker, servers, cancellation);
                    else drained.Remove(servers.Key);
                    await CloseSomeAsync(worker, servers, elapsed, endpoint, cancellation);
                }
            }
            catch (RuntimeException) when (!worker.IsServing)
            {
                // It has finished and ended.
            }
        }

        return drained.ToImmutable();
    }

    private async Task CloseAllAsync(Worker worker, IEnumerable<ServerStats> servers, CancellationToken cancellation)
    {
        foreach (var server in servers.Where(server => server.Open > 0))
        {
            Deed(string.Create(CultureInfo.InvariantCulture, $"{server.Backend}/{server.Name}: {server.Open} open after the drain's end, closed"));
            await worker.AskAsync($"shutdown sessions server {server.Backend}/{server.Name}", cancellation);
        }
    }

    private static async Task CloseSomeAsync(Worker worker, IGrouping<string, ServerStats> servers, TimeSpan elapsed, Endpoint endpoint, CancellationToken cancellation)
    {
        var open = (int)Math.Min(int.MaxValue, servers.Sum(server => server.Open));
        var count = DrainWindow.ToClose(elapsed, endpoint.DrainTimeout, open);
        if (count == 0) return;
        var sessions = Answers.Sessions(await worker.AskAsync("show sess", cancellation), IngressLayout.ServerName(servers.Key));
        foreach (var session in sessions.Take(count)) await worker.AskAsync($"shutdown session {session}", cancellation);
    }

    private async Task<IngressOutcome> EndAsync(ImmutableArray<IngressInstance> found, CancellationToken cancellation)
    {
        foreach (var instance in found)
        {
            Deed($"ingress {instance.Slot} removed, for no stack listens");
            await instances.RemoveAsync(instance, cancellation);
        }

        try
        {
            _files.Remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is left there hinders nobody.
            Deed($"the ingress's files are not wholly removed: {e.Message}");
        }

        return Done(true, null, []);
    }

    /// <summary>What the layout leaves out, and what HAProxy has refused.</summary>
    private ImmutableSortedDictionary<string, TrafficProblem> Joined(ImmutableSortedDictionary<string, TrafficProblem> refused)
    {
        foreach (var (stack, message) in _services.Problems)
        {
            var text = refused.TryGetValue(stack, out var other) ? $"{other.Message}; {message}" : message;
            refused = refused.SetItem(stack, new TrafficProblem(IngressActor.SinkName, text, IsFinal: true));
        }

        return refused;
    }

    private static TrafficProblem Problem(string message) => new(IngressActor.SinkName, message, IsFinal: false);

    private void Deed(string deed) => _deeds.Add(deed);

    private sealed record Worker(RuntimeClient Client, int Pid, string Instance, bool IsServing)
    {
        public Task<string> AskAsync(string command, CancellationToken cancellation) => Client.WorkerAsync(Pid, command, cancellation);
    }

    private sealed record Load(string Structure, string Instance, int Pid, DateTimeOffset At);

    /// <summary>What has failed, and when it is tried again: twice as late each time.</summary>
    private sealed class Retry
    {
        private string? _what;
        private int _failures;

        public DateTimeOffset At { get; private set; }

        public TrafficProblem? Problem { get; private set; }

        public bool IsWaiting(string what, DateTimeOffset now) => _what == what && now < At;

        public void Failed(string what, DateTimeOffset now, TrafficProblem problem)
        {
            _failures = _what == what ? _failures + 1 : 1;
            _what = what;
            Problem = problem;
            At = now + DoublingPause.After(_failures, RetryFirst, RetryMax);
        }

        public void Clear()
        {
            _what = null;
            _failures = 0;
            Problem = null;
        }
    }
}
