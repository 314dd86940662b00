using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Generating;

/// <summary>The mode <c>load</c>: runs the load until it is to end, shows progress, and reports.</summary>
internal static class LoadCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> words)
    {
        var arguments = new Arguments(words, "--json", "--until-stdin-closes");
        var options = LoadOptions.Parse(arguments);
        var (json, untilStdinCloses, failuresFile) = (arguments.Flag("--json"), arguments.Flag("--until-stdin-closes"), arguments.Text("--failures"));
        var (duration, progress) = (arguments.Duration("--duration", TimeSpan.FromSeconds(30)), arguments.Duration("--progress", TimeSpan.FromSeconds(5)));
        arguments.NothingElse();
        var clock = TimeProvider.System;

        using var end = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        if (untilStdinCloses)
            _ = Console.OpenStandardInput().CopyToAsync(Stream.Null, end.Token).ContinueWith(_ => end.Cancel(), TaskScheduler.Default);
        else
            end.CancelAfter(duration);

        await using var run = LoadRun.Start(options, clock);
        await ShowUntilAsync(run, progress, clock, end.Token);
        var report = await run.StopAsync();
        if (failuresFile is not null)
            await File.WriteAllLinesAsync(failuresFile, run.Failures.Select(f => JsonSerializer.Serialize(f, LoadJson.Default.Failure)), CancellationToken.None);
        Console.WriteLine(json ? JsonSerializer.Serialize(report, LoadJson.Default.LoadReport) : ReportTable.Render(report));
        return report.Total.Failures == 0 ? ExitCode.Done : ExitCode.Failures;

        void Stop(PosixSignalContext signal)
        {
            // The report comes first; the process ends by itself after it.
            signal.Cancel = true;
            end.Cancel();
        }
    }

    private static async Task ShowUntilAsync(LoadRun run, TimeSpan interval, TimeProvider clock, CancellationToken end)
    {
        try
        {
            while (interval > TimeSpan.Zero)
            {
                await Task.Delay(interval, clock, end);
                var now = run.Peek();
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"{now.Seconds,6:0.0}s {now.Total.PerSecond,8:0}/s {now.Total.Requests,9} requests {now.Total.Failures,6} failures  p99 {now.Total.P99Ms,7:0.0} ms  gap {now.Total.LongestGapMs,6:0} ms  {string.Join(' ', now.Versions.Keys)}"));
            }
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // Told to end.
        }
    }
}
