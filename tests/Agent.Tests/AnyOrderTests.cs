using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests;

/// <summary>Commands, repetitions, faults, lost links and restarts of the agent in an order drawn from a seed: what must hold whatever happens.</summary>
public sealed class AnyOrderTests
{
    private static readonly string[] Faulty =
    [
        nameof(IEngine.PullImageAsync), nameof(IEngine.CreateContainerAsync), nameof(IEngine.StartContainerAsync), nameof(IEngine.StopContainerAsync),
        nameof(IEngine.RemoveContainerAsync), nameof(IEngine.InspectContainerAsync), nameof(IEngine.ListContainersAsync), nameof(IEngine.UpdateRestartPolicyAsync), nameof(IEngine.ExecAsync),
    ];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_happens_the_last_command_wins_and_every_report_is_true_in_the_end(int seed)
    {
        var random = new Random(seed);
        using var bench = new AgentBench(seed);
        bench.Connected();
        bench.Engine.Latency = TimeSpan.FromMilliseconds(random.Next(0, 200));
        bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { PullTakes = TimeSpan.FromSeconds(random.Next(0, 5)), HealthyAfter = TimeSpan.FromSeconds(random.Next(0, 3)), StopTakes = TimeSpan.FromSeconds(random.Next(0, 3)) });
        var spec = bench.Spec(container => container with { Healthcheck = new HealthcheckSpec { Test = ["CMD", "check"] } }, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));
        var wanted = new Dictionary<ReplicaKey, string>();
        for (var step = 0; step < 40; step++) Step(bench, random, spec, wanted, step);

        // Calm: the engine is there, and each replica is told once more what to be.
        bench.Engine.Reconnect();
        bench.Advance(120);
        bench.LinkUp();
        bench.Forget();
        bench.LinkUp();
        foreach (var (key, what) in wanted) Tell(bench, key, what, spec, "last-" + key.Slot);
        bench.Advance(240);

        foreach (var (key, what) in wanted)
        {
            var there = bench.Engine.Containers.Where(container => container.Name == key.ContainerName).ToArray();
            var state = bench.Known(key)?.State;
            switch (what)
            {
                case "start":
                    Assert.True(Assert.Single(there).IsRunning);
                    Assert.True(state == ReplicaState.Running, $"seed {seed}, {key}: running, and reported as {state}");
                    Assert.Single(bench.All<AgentEvent.ReplicaPassed>(), passed => passed.CommandId == "last-" + key.Slot);
                    break;
                case "retain":
                    Assert.All(there, container => Assert.Equal(("no", false), (container.RestartPolicy.Name, container.IsRunning)));
                    Assert.Single(bench.All<AgentEvent.ReplicaStopped>(), stopped => stopped.CommandId == "last-" + key.Slot);
                    break;
                default:
                    Assert.Empty(there);
                    Assert.Null(state);
                    Assert.Single(bench.All<AgentEvent.ReplicaStopped>(), stopped => stopped.CommandId == "last-" + key.Slot);
                    break;
            }
        }
    }

    private static void Step(AgentBench bench, Random random, ReplicaSpec spec, Dictionary<ReplicaKey, string> wanted, int step)
    {
        var key = AgentBench.Key(random.Next(1, 4));
        switch (random.Next(12))
        {
            case < 6:
                var what = new[] { "start", "start", "retain", "remove" }[random.Next(4)];
                wanted[key] = what;
                Tell(bench, key, what, spec, $"{step}");
                break;
            case 6:
                bench.Engine.FailNext(Faulty[random.Next(Faulty.Length)], times: random.Next(1, 4), afterEffect: random.Next(2) == 0);
                break;
            case 7:
                bench.Engine.Disconnect();
                break;
            case 8:
                bench.Engine.Reconnect();
                break;
            case 9:
                bench.RestartAgent();
                break;
            case 10 when bench.Engine.Containers is { Count: > 0 } containers:
                bench.Engine.EndProcess(containers[random.Next(containers.Count)].Id, 1);
                break;
        }

        bench.Advance(TimeSpan.FromMilliseconds(random.Next(0, 4000)));
    }

    private static void Tell(AgentBench bench, ReplicaKey key, string what, ReplicaSpec spec, string id)
    {
        if (what == "start") bench.Start(spec, id, key);
        else bench.Stop(what == "retain", id, key);
    }
}
