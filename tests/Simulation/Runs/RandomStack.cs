using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Simulation;

/// <summary>A stack drawn by lot.</summary>
internal static class RandomStack
{
    private static readonly string[] Names = ["db", "api", "web"];

    /// <param name="wide">A source of its own for what is drawn beside; null: nothing is.</param>
    public static StackSetup Draw(Dice dice, string name, int hosts, Dice? wide)
    {
        var services = ImmutableArray.CreateBuilder<ServiceSetup>();
        foreach (var service in Names.Take(dice.Between(1, 3)))
        {
            var hasPort = dice.Chance(0.15);
            services.Add(new ServiceSetup(service)
            {
                Replicas = dice.Between(1, hasPort ? hosts : 4),
                IsGlobal = dice.Chance(0.08),
                Order = dice.Chance(0.6) ? UpdateOrder.StartFirst : UpdateOrder.StopFirst,
                Parallelism = dice.Below(3),
                Delay = dice.Chance(0.3) ? TimeSpan.FromSeconds(dice.Between(1, 5)) : TimeSpan.Zero,
                Monitor = TimeSpan.FromSeconds(dice.Between(0, 3)),
                OnFailure = dice.Pick([FailureAction.Pause, FailureAction.Continue, FailureAction.Rollback]),
                MaxFailureRatio = dice.Chance(0.3) ? 0.5 : 0,
                ProgressDeadline = TimeSpan.FromSeconds(dice.Between(60, 120)),
                Retain = dice.Below(3),
                HostPort = hasPort ? 9000 + services.Count + (name[^1] * 10) : null,
                After = services.Count > 0 && dice.Chance(0.4) ? [services[^1].Name] : [],
            });
        }

        return new StackSetup(name, wide is null ? services.ToImmutable() : [.. services.Select(service => Widen(wide, service))]);
    }

    private static ServiceSetup Widen(Dice wide, ServiceSetup service) => service with
    {
        Strategy = wide.Below(5) switch
        {
            0 or 1 => new StrategySpec { Kind = StrategyKind.Canary, Replicas = wide.Chance(0.5) ? wide.Between(1, 3) : null, Percent = wide.Chance(0.5) ? wide.Between(1, 100) : null, Hold = HoldOf(wide), IsManual = wide.Chance(0.3) },
            2 or 3 => new StrategySpec { Kind = StrategyKind.BlueGreen, Hold = HoldOf(wide), IsManual = wide.Chance(0.3) },
            _ => new StrategySpec(),
        },
        Slo = wide.Chance(0.4) ? new SloSpec { ErrorRate = 0.05, Window = TimeSpan.FromSeconds(wide.Between(1, 5)) } : null,
    };

    private static TimeSpan HoldOf(Dice wide) => TimeSpan.FromSeconds(wide.Between(0, 15));
}
