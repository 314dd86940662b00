using System.Globalization;

namespace Orchestrator.Simulation.Scenarios;

public sealed class RandomTests
{
    [Theory]
    [InlineData(1, 180)]
    [InlineData(RandomRun.WideFrom, 120)]
    public void Random_runs_keep_every_promise(int first, int count)
    {
        var found = Simulate.Seeds(first, count, Environment.ProcessorCount, (_, _) => { });
        Assert.True(found.Count == 0, string.Join('\n', found.Take(10).Select(v => v.ToString())) + "\nrun one again with: deploy/sim --seed N --trace");
    }

    [Theory]
    [InlineData(1102)]
    [InlineData(1141)]
    [InlineData(1735)]
    [InlineData(3293)]
    [InlineData(3457)]
    [InlineData(4914)]
    [InlineData(4997)]
    [InlineData(20_088)]
    [InlineData(20_216)]
    [InlineData(20_511)]
    [InlineData(20_563)]
    [InlineData(20_602)]
    [InlineData(20_695)]
    [InlineData(20_726)]
    [InlineData(22_107)]
    [InlineData(22_223)]
    [InlineData(30_320)]
    [InlineData(30_385)]
    [InlineData(30_605)]
    [InlineData(30_879)]
    [InlineData(31_120)]
    [InlineData(31_579)]
    [InlineData(31_632)]
    [InlineData(32_376)]
    [InlineData(33_010)]
    [InlineData(33_504)]
    [InlineData(34_136)]
    [InlineData(34_342)]
    [InlineData(35_074)]
    [InlineData(37_236)]
    [InlineData(37_684)]
    public void Seed_that_once_broke_a_promise_keeps_them(int seed)
    {
        using var run = new RandomRun(seed);
        Assert.Null(run.Run());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(14)]
    [InlineData(271)]
    [InlineData(10_008)]
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
