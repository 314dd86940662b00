using Orchestrator.Engine;
using Orchestrator.Engine.Fakes;

namespace Orchestrator.Simulation;

/// <summary>Everything that can break, drawn by lot. Whatever it breaks heals by itself within <see cref="HealsWithin"/>.</summary>
internal sealed class RandomFaults(World world, Dice dice)
{
    public static readonly TimeSpan HealsWithin = TimeSpan.FromMinutes(2);

    private static readonly string[] Calls =
    [
        nameof(IEngine.CreateContainerAsync), nameof(IEngine.StartContainerAsync), nameof(IEngine.StopContainerAsync), nameof(IEngine.RemoveContainerAsync), nameof(IEngine.InspectContainerAsync),
        nameof(IEngine.ListContainersAsync), nameof(IEngine.PullImageAsync), nameof(IEngine.UpdateRestartPolicyAsync), nameof(IEngine.CreateNetworkAsync), nameof(IEngine.ExecAsync),
    ];

    public void Strike()
    {
        var host = dice.Pick(world.Hosts);
        switch (dice.Below(18))
        {
            case 0 or 1:
                host.Link.Break();
                break;
            case 2:
                host.Link.Cut(Seconds(2, 60));
                break;
            case 3:
                host.CrashAgent(Seconds(0.2, 20));
                break;
            case 4 or 5:
                host.CrashAgentAtCall(dice.Between(1, 40), dice.Chance(0.5), Seconds(0.2, 15));
                break;
            case 6:
                host.Crash(Seconds(5, 90));
                break;
            case 7:
                host.Replace(Seconds(5, 60));
                break;
            case 8:
                host.RestartEngine(Seconds(1, 40), keepsContainers: dice.Chance(0.5));
                break;
            case 9:
                host.CrashIngress();
                break;
            case 10:
                host.StickIngress(Seconds(2, 60));
                break;
            case 11 or 12:
                EndSomeProcess();
                break;
            case 13:
                FailSomeCall(host);
                break;
            case 14:
                StopSomeNever(host);
                break;
            case 15:
                world.Coordinator.Crash(Seconds(0.5, 20));
                break;
            case 16:
                world.Coordinator.CrashAtCommit(dice.Between(1, 12), dice.Chance(0.5), Seconds(0.5, 20));
                break;
            case 17:
                host.StepClock(Seconds(-120, 120));
                break;
        }
    }

    private void EndSomeProcess()
    {
        var running = world.Hosts.SelectMany(h => h.Engine.Containers.Where(c => c.IsRunning), (host, container) => (host, container)).ToList();
        if (running.Count == 0) return;
        var (on, victim) = dice.Pick(running);
        on.EndProcess(victim, dice.Pick([0, 1, 137]), oomKilled: dice.Chance(0.3));
    }

    private void FailSomeCall(SimHost host)
    {
        var fault = new FakeFault(dice.Pick(Calls))
        {
            Error = dice.Chance(0.7) ? new EngineException(EngineErrorKind.Temporary, 500, "SIM", "", "injected failure", host.Engine.Address) : null,
            Delay = dice.Chance(0.5) ? Seconds(0, 30) : TimeSpan.Zero,
            AfterEffect = dice.Chance(0.5),
            Times = dice.Between(1, 3),
        };
        world.OnFault(host, $"next {fault.Times} {fault.Operation}: {(fault.Error is null ? "slow" : fault.AfterEffect ? "fail after their effect" : "fail")}, {fault.Delay.TotalSeconds} s late");
        host.Engine.Inject(fault);
    }

    private void StopSomeNever(SimHost host)
    {
        var running = host.Engine.Containers.Where(c => c.IsRunning).ToList();
        if (running.Count == 0) return;
        var victim = dice.Pick(running);
        world.OnFault(host, $"{victim.Name} will not stop");
        host.StopNever(victim.Id);
    }

    private TimeSpan Seconds(double least, double most) => dice.Between(TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most));
}
