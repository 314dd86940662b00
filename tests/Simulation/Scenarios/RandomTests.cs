using System.Globalization;

namespace Orchestrator.Simulation.Scenarios;

public sealed class RandomTests
{
    private const int Seeds = 300;

    [Fact]
    public void Random_runs_keep_every_promise()
    {
        var found = Simulate.Seeds(1, Seeds, Environment.ProcessorCount, (_, _) => { });
        Assert.True(found.Count == 0, string.Join('\n', found.Take(10).Select(v => v.ToString())) + "\nrun one again with: deploy/sim --seed N --trace");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(14)]
    [InlineData(271)]
    public void Same_seed_gives_the_same_trace(int seed)
    {
        var (first, second) = (DigestOf(seed), DigestOf(seed));
        Assert.Equal(first, second);
    }

    private static string DigestOf(int seed)
    {
        using var run = new RandomRun(seed);
        run.Run();
        return string.Create(CultureInfo.InvariantCulture, $"{run.World.Trace.Lines} lines, {run.World.Trace.Digest()}");
    }
}
