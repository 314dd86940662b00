namespace Orchestrator.Simulation.Scenarios;

/// <summary>The checkers are worth what they find: each planted bug is found by one of them within a few seeds.</summary>
public sealed class PlantedBugTests
{
    /// <summary>Enough for every one of them, with some to spare.</summary>
    private const int SeedsMax = 40;

    [Theory]
    [InlineData("a barrier takes drained for granted", "nothing is stopped before it is drained", "nothing is drained before its successor is shown everywhere")]
    [InlineData("a barrier ignores one host", "nothing is stopped before it is drained")]
    [InlineData("an ingress acknowledges before it shows", "nothing is drained before its successor is shown everywhere", "nothing is stopped before it is drained")]
    [InlineData("an ingress sends requests to what drains", "nothing is stopped before it is drained")]
    [InlineData("a replica passes without its gate", "serving replicas never fall below what the policy allows")]
    [InlineData("a stop hits another revision", "nothing is stopped before it is drained")]
    [InlineData("a start makes two containers", "at rest there is what is wanted and nothing else", "a batch is no larger than its parallelism")]
    [InlineData("a stop says done and does nothing", "at rest there is what is wanted and nothing else", "a good deploy on a whole fleet is done", "every change ends")]
    [InlineData("a store loses events of journals", "the stored journal gives the state that is acted from")]
    [InlineData("a batch is larger than asked for", "a batch is no larger than its parallelism")]
    [InlineData("a way of change is another than asked for", "nothing is drained before its successor is shown everywhere")]
    [InlineData("an end is never told", "every change ends", "a good deploy on a whole fleet is done")]
    public void Planted_bug_is_found(string bug, params string[] checkers)
    {
        var found = Enumerable.Range(1, SeedsMax).Select(seed => Run(seed, PlantedBugs.All[bug]())).FirstOrDefault(v => v is not null);
        Assert.True(found is not null, $"{bug}: {SeedsMax} seeds found nothing");
        Assert.True(checkers.Contains(found.Checker), $"{bug} was found by another checker: {found}");
    }

    private static Violation? Run(int seed, Mutation mutation)
    {
        using var run = new RandomRun(seed, mutation);
        return run.Run();
    }
}
