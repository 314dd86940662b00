namespace Orchestrator.Fleet.Testbed;

/// <summary>Everything that uses the fleet runs one after the other on the one fleet: mark test classes <c>[Collection(FleetCollection.Name)]</c>.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class FleetCollection : ICollectionFixture<TestFleet>
{
    public const string Name = "fleet";
}
