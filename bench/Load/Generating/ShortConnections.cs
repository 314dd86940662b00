using Orchestrator.Load.Http;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Generating;

/// <summary>A new connection for each request, to the targets in turn.</summary>
internal static class ShortConnections
{
    public static async Task RunAsync(LoadOptions options, int worker, Scoreboard board, TimeProvider clock, CancellationToken stopping)
    {
        ReadOnlyMemory<byte>[] requests = [.. options.Targets.Select(t => t.Request("/", keepAlive: false))];
        var pace = new Pace(clock, board.Start, worker, options.ShortConnections, options.ShortRate);
        try
        {
            for (var turn = worker; ; turn++)
            {
                var since = await pace.NextAsync(stopping);
                var target = options.Targets[turn % options.Targets.Count];
                await OneAsync(target, requests[turn % options.Targets.Count], since, options.Timeout, board);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            board.Skipped(pace.Skipped);
        }
    }

    private static async ValueTask OneAsync(Target target, ReadOnlyMemory<byte> request, long since, TimeSpan timeout, Scoreboard board)
    {
        var (connection, outcome) = await HttpConnection.ConnectAsync(target, timeout);
        using (connection)
        {
            if (connection is not null)
                outcome = await connection.RequestAsync(request);
            if (connection is null || !outcome.IsSuccess)
            {
                board.Failed(RequestKind.NewConnection, target, outcome, connection?.Replica ?? "");
                return;
            }
            board.Answered(RequestKind.NewConnection, target, since);
            board.Succeeded(RequestKind.NewConnection, target, connection.Version);
            await connection.PeerEndAsync();
        }
    }
}
