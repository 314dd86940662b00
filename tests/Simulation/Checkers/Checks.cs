using Orchestrator.Api;

namespace Orchestrator.Simulation;

/// <summary>Every promise the product is held to.</summary>
internal static class Checks
{
    public static IEnumerable<Checker> All(World world)
    {
        var (wishes, barrier) = (new Wishes(world), new Barrier(world));
        return
        [
            new WishKeeper(world, wishes),
            new DrainChecker(world, barrier),
            new CutoverChecker(world, wishes, barrier),
            new AvailabilityChecker(world, wishes, barrier),
            new JournalChecker(world),
            new SupersededChecker(world),
            new SwitchChecker(world),
            new AtomicChecker(world),
            new RepairChecker(world),
            new PortChecker(world),
            new BatchChecker(world, wishes),
            new AtRestChecker(world, wishes),
        ];
    }

    /// <summary>Before all others, so that they know what was asked for.</summary>
    private sealed class WishKeeper(World world, Wishes wishes) : Checker(world)
    {
        public override string Name => "wishes";

        public override void OnRequest(Client client) => wishes.OnRequest(client.Request);
    }
}
