using System.Globalization;
using Orchestrator.Load.Http;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Generating;

/// <summary>Answers that take their time, one after the other: what an update has to wait for or break.</summary>
internal static class Streams
{
    /// <summary>After a failure, so that a target that is gone is not asked as fast as it can refuse.</summary>
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(LoadOptions options, int worker, Scoreboard board, TimeProvider clock, CancellationToken stopping)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/slow?seconds={options.StreamLength.TotalSeconds}");
        try
        {
            // Spread over one length, so that some begin and some end at any time.
            await Task.Delay(options.StreamLength * ((double)worker / options.Streams), clock, stopping);
            for (var turn = worker; ; turn++)
            {
                stopping.ThrowIfCancellationRequested();
                var target = options.Targets[turn % options.Targets.Count];
                if (!await OneAsync(target, target.Request(path, keepAlive: false), options.Timeout, board, clock))
                    await Task.Delay(PauseAfterFailure, clock, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The one under way was read to its end.
        }
    }

    private static async Task<bool> OneAsync(Target target, ReadOnlyMemory<byte> request, TimeSpan timeout, Scoreboard board, TimeProvider clock)
    {
        var since = clock.GetTimestamp();
        var (connection, outcome) = await HttpConnection.ConnectAsync(target, timeout);
        using (connection)
        {
            if (connection is not null)
            {
                outcome = await connection.HeadAsync(request);
                if (outcome.IsSuccess)
                {
                    board.Answered(RequestKind.Stream, target, since);
                    outcome = await connection.BodyAsync();
                }
            }
            if (outcome.IsSuccess && connection is not null)
                board.Succeeded(RequestKind.Stream, target, connection.Version);
            else
                board.Failed(RequestKind.Stream, target, outcome, connection?.Replica ?? "");
            return outcome.IsSuccess;
        }
    }
}
