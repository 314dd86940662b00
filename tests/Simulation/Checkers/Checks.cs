namespace Orchestrator.Simulation;

/// <summary>Every promise the product is held to.</summary>
internal static class Checks
{
    public static IEnumerable<Checker> All(World world) => [];
}
