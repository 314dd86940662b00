using System.Collections.Concurrent;
using System.Globalization;

namespace Orchestrator.Simulation;

/// <summary>Runs seeds by hand: <c>--seed N [--count M] [--threads T] [--trace] [--logs]</c>.</summary>
internal static class Simulate
{
    private const int ProgressEvery = 100;

    public static int Run(string[] arguments, TextWriter output, TextWriter progress)
    {
        var (seed, count, threads) = (Number(arguments, "--seed", 1), Number(arguments, "--count", 1), Number(arguments, "--threads", Environment.ProcessorCount));
        return arguments.Contains("--trace") ? Trace(seed, arguments.Contains("--logs"), output) : Count(seed, count, threads, output, progress);
    }

    /// <summary>Each world on one thread, several worlds side by side.</summary>
    public static IReadOnlyList<Violation> Seeds(int first, int count, int threads, Action<int, Violation?> ended)
    {
        var found = new ConcurrentBag<Violation>();
        Parallel.For(first, first + count, new ParallelOptions { MaxDegreeOfParallelism = threads }, seed =>
        {
            using var run = new RandomRun(seed);
            var violation = Guarded(run, seed);
            if (violation is not null) found.Add(violation);
            ended(seed, violation);
        });
        return [.. found.OrderBy(v => v.Seed)];
    }

    private static int Trace(int seed, bool withLogs, TextWriter output)
    {
        using var lines = new TraceLoggers(output);
        using var run = new RandomRun(seed, loggers: withLogs ? lines : null);
        run.World.Trace.Sink = output.WriteLine;
        var violation = Guarded(run, seed);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.World.Trace.Lines} lines, {run.World.Steps} steps, {run.World.Elapsed} of virtual time, sha256 {run.World.Trace.Digest()}"));
        if (violation is null) return 0;
        output.WriteLine(violation);
        return 1;
    }

    private static int Count(int first, int count, int threads, TextWriter output, TextWriter progress)
    {
        var done = 0;
        var gate = new Lock();
        var found = Seeds(first, count, threads, (_, violation) =>
        {
            lock (gate)
            {
                done++;
                if (violation is not null) output.WriteLine(violation.ToString().ReplaceLineEndings(" "));
                if (done % ProgressEvery == 0) progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {count} seeds"));
            }
        });
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} seeds from {first}: {found.Count} violations"));
        return found.Count == 0 ? 0 : 1;
    }

    /// <summary>What the simulation itself throws is a finding with its seed, too.</summary>
    private static Violation? Guarded(RandomRun run, int seed)
    {
        try
        {
            return run.Run();
        }
        catch (Exception e)
        {
            return new Violation(seed, "nothing throws", run.World.Elapsed, e.ToString());
        }
    }

    private static int Number(string[] arguments, string name, int otherwise)
    {
        var at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? int.Parse(arguments[at + 1], CultureInfo.InvariantCulture) : otherwise;
    }
}
