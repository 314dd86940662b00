using Orchestrator.Load.Http;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Generating;

/// <summary>Requests over a connection that is kept as long as the other side keeps it.</summary>
internal static class KeptConnections
{
    public static async Task RunAsync(LoadOptions options, int worker, Scoreboard board, TimeProvider clock, CancellationToken stopping)
    {
        var target = options.Targets[worker % options.Targets.Count];
        var request = target.Request("/", keepAlive: true);
        var pace = new Pace(clock, board.Start, worker, options.Connections, options.Rate);
        HttpConnection? connection = null;
        try
        {
            while (true)
            {
                var since = await pace.NextAsync(stopping);
                if (connection is { ClosedWhileIdle: true })
                {
                    board.Reconnected();
                    connection.Dispose();
                    connection = null;
                }
                connection = await OneAsync(connection, since);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            board.Skipped(pace.Skipped);
        }
        finally
        {
            connection?.Dispose();
        }

        async ValueTask<HttpConnection?> OneAsync(HttpConnection? open, long since)
        {
            var outcome = Outcome.Success;
            if (open is null)
                (open, outcome) = await HttpConnection.ConnectAsync(target, options.Timeout);
            if (open is not null)
                outcome = await open.RequestAsync(request);
            if (!outcome.IsSuccess || open is null)
            {
                board.Failed(RequestKind.KeepAlive, target, outcome, open?.Replica ?? "");
                open?.Dispose();
                return null;
            }
            board.Answered(RequestKind.KeepAlive, target, since);
            board.Succeeded(RequestKind.KeepAlive, target, open.Version);
            if (!open.Closes)
                return open;
            board.Reconnected();
            open.Dispose();
            return null;
        }
    }
}
