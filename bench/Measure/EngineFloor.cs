using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Orchestrator.Engine;

namespace Orchestrator.Measure;

/// <summary>
/// The least that engines need for what an orchestrator does: the same containers by bare calls, under the same gates, by a program that knows no failure.
/// The same means also with the stack's healthcheck, which the engine runs beside, and on a network of their own.
/// </summary>
internal sealed class EngineFloor(ImmutableArray<IEngine> engines, FloorOptions options)
{
    private const string Label = "orchestrator-measure";

    private const string Network = "orchestrator-measure";

    private static readonly ImmutableDictionary<string, string> Labels = ImmutableDictionary<string, string>.Empty.Add(Label, "");

    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(50);

    /// <summary>For one replica; none of these takes more than seconds.</summary>
    private static readonly TimeSpan GateTimeout = TimeSpan.FromMinutes(1);

    private static readonly IReadOnlyList<string> Probe = ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"];

    private readonly SortedDictionary<int, (IEngine Engine, string Id)> running = [];

    /// <summary>First deploy, update, the way back, scaling; a line of JSON for each, in milliseconds. Leaves nothing behind.</summary>
    public async Task RunAsync()
    {
        try
        {
            await TimeAsync("first-deploy", async () =>
            {
                await Task.WhenAll(engines.Select(e => e.CreateNetworkAsync(new CreateNetwork { Name = Network, Labels = Labels }, CancellationToken.None)));
                await FirstAsync(1, options.Replicas);
            });
            var old = running.ToImmutableArray();
            await TimeAsync("update", () => UpdateAsync(options.Next));
            await TimeAsync("rollback", () => BackAsync(old));
            await TimeAsync("scale", () => FirstAsync(options.Replicas + 1, options.Scaled));
        }
        finally
        {
            await CleanAsync();
        }
    }

    private static async Task TimeAsync(string name, Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        await work();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{{\"floor\":\"{name}\",\"ms\":{Stopwatch.GetElapsedTime(began).TotalMilliseconds:0}}}"));
    }

    private async Task FirstAsync(int from, int to)
    {
        var made = await Task.WhenAll(Enumerable.Range(from, to - from + 1).Select(async slot => (slot, Replica: await StartAsync(slot, options.Image))));
        foreach (var (slot, replica) in made)
        {
            running[slot] = replica;
        }
    }

    private async Task UpdateAsync(string image)
    {
        var stops = new List<Task>();
        foreach (var batch in running.Keys.ToList().Chunk(options.Parallelism))
        {
            await Task.WhenAll(batch.Select(async slot =>
            {
                var old = running[slot];
                var replica = await StartAsync(slot, image);
                lock (stops)
                {
                    running[slot] = replica;
                    stops.Add(old.Engine.StopContainerAsync(old.Id, null, CancellationToken.None));
                }
            }));
        }
        await Task.WhenAll(stops);
    }

    /// <summary>All at once, from the containers that were kept.</summary>
    private async Task BackAsync(ImmutableArray<KeyValuePair<int, (IEngine Engine, string Id)>> kept)
    {
        await Task.WhenAll(kept.Select(async slot =>
        {
            await slot.Value.Engine.StartContainerAsync(slot.Value.Id, CancellationToken.None);
            await GateAsync(slot.Value.Engine, slot.Value.Id, Stopwatch.GetTimestamp());
            await running[slot.Key].Engine.StopContainerAsync(running[slot.Key].Id, null, CancellationToken.None);
        }));
        foreach (var slot in kept)
        {
            running[slot.Key] = slot.Value;
        }
    }

    private async Task<(IEngine Engine, string Id)> StartAsync(int slot, string image)
    {
        var engine = engines[slot % engines.Length];
        var request = new CreateContainer
        {
            Image = image,
            Labels = Labels,
            Healthcheck = new Healthcheck { Test = ["CMD", .. Probe], Interval = options.Interval },
            Networks = [new NetworkEndpoint(Network, new EndpointSettings())],
        };
        var id = await engine.CreateContainerAsync(string.Create(CultureInfo.InvariantCulture, $"floor-{slot}-{Stopwatch.GetTimestamp()}"), request, CancellationToken.None);
        await engine.StartContainerAsync(id, CancellationToken.None);
        await GateAsync(engine, id, Stopwatch.GetTimestamp());
        return (engine, id);
    }

    private async Task GateAsync(IEngine engine, string id, long started)
    {
        using var limit = new CancellationTokenSource(GateTimeout);
        while ((await engine.ExecAsync(id, new ExecRequest(Probe), 1024, limit.Token)).ExitCode != 0)
        {
            await Task.Delay(ProbePause, TimeProvider.System, limit.Token);
        }
        if (options.Monitor - Stopwatch.GetElapsedTime(started) is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left, TimeProvider.System, limit.Token);
        }
    }

    private Task CleanAsync() => Task.WhenAll(engines.Select(async engine =>
    {
        var ours = await engine.ListContainersAsync(EngineFilters.Label(Label), all: true, CancellationToken.None);
        await Task.WhenAll(ours.Select(c => engine.RemoveContainerAsync(c.Id, force: true, volumes: true, CancellationToken.None)));
        foreach (var network in await engine.ListNetworksAsync(EngineFilters.Label(Label), CancellationToken.None))
        {
            await engine.RemoveNetworkAsync(network.Id, CancellationToken.None);
        }
    }));
}

/// <param name="Monitor">From a replica's start to its pass, at least.</param>
/// <param name="Interval">Of the engine's own healthcheck.</param>
internal sealed record FloorOptions(string Image, string Next, int Replicas, int Scaled, int Parallelism, TimeSpan Monitor, TimeSpan Interval);
