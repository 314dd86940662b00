using System.Net.WebSockets;
using System.Text;
using Orchestrator.Load.Http;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Generating;

/// <summary>WebSockets that exchange a message each second and are closed by this side after five to eight seconds, then opened again.</summary>
internal static class WebSocketSessions
{
    private const double ShortestSeconds = 5;
    private const double LongestSeconds = 8;
    private const int MessageBytes = 64;

    private static readonly TimeSpan EchoInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(LoadOptions options, int worker, Scoreboard board, TimeProvider clock, CancellationToken stopping)
    {
        var random = new Random(worker);
        var moved = false;
        try
        {
            await Task.Delay(EchoInterval * ((double)worker / options.WebSockets), clock, stopping);
            for (var turn = worker; ; turn++)
            {
                stopping.ThrowIfCancellationRequested();
                var target = options.Targets[turn % options.Targets.Count];
                var session = new Session(target, options.Timeout, board, clock);
                var lifetime = TimeSpan.FromSeconds(ShortestSeconds + (random.NextDouble() * (LongestSeconds - ShortestSeconds)));
                var outcome = await session.RunAsync(lifetime, moved, stopping);
                moved = session.ToldToMove;
                if (outcome.IsSuccess)
                {
                    board.Succeeded(RequestKind.WebSocket, target, session.Version);
                    continue;
                }
                board.Failed(RequestKind.WebSocket, target, outcome, session.Replica);
                await Task.Delay(PauseAfterFailure, clock, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The session under way was closed in good order.
        }
    }

    private sealed class Session(Target target, TimeSpan timeout, Scoreboard board, TimeProvider clock)
    {
        private readonly byte[] _received = new byte[MessageBytes];

        public string Version { get; private set; } = "";

        public string Replica { get; private set; } = "";

        /// <summary>It was closed with 1001; whether the client could move shows when it connects again.</summary>
        public bool ToldToMove { get; private set; }

        /// <param name="movedBefore">This session takes the place of one that was told to move.</param>
        public async Task<Outcome> RunAsync(TimeSpan lifetime, bool movedBefore, CancellationToken stopping)
        {
            var (connection, outcome) = await HttpConnection.ConnectAsync(target, timeout);
            if (connection is null)
                return outcome;
            using (connection)
            {
                var key = Convert.ToBase64String(Encoding.ASCII.GetBytes("orchestrator-ws!"));
                outcome = await connection.HeadAsync(target.Request("/ws", keepAlive: true,
                    $"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"));
                (Version, Replica) = (connection.Version, connection.Replica);
                if (!outcome.IsSuccess)
                    return outcome;
                if (connection.Status != 101)
                    return Outcome.Failure(FailureReason.Status, $"status {connection.Status} where 101 was expected");
                if (movedBefore)
                    board.Moved();
                await using var stream = connection.Upgrade();
                using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { KeepAliveInterval = TimeSpan.Zero });
                try
                {
                    return await TalkAsync(socket, clock.GetTimestamp(), lifetime, stopping);
                }
                catch (Exception broken) when (broken is WebSocketException or IOException)
                {
                    return Outcome.Failure(FailureReason.SocketBroken, (broken.InnerException ?? broken).Message);
                }
                catch (Exception silent) when (silent is OperationCanceledException or TimeoutException)
                {
                    return Outcome.Failure(FailureReason.Timeout, $"no echo for {timeout.TotalSeconds:0.#} s");
                }
            }
        }

        private async Task<Outcome> TalkAsync(WebSocket socket, long start, TimeSpan lifetime, CancellationToken stopping)
        {
            var receiving = ReceiveAsync(socket);
            for (var number = 1; clock.GetElapsedTime(start) < lifetime && !stopping.IsCancellationRequested; number++)
            {
                var since = clock.GetTimestamp();
                var message = Encoding.ASCII.GetBytes($"message {number}");
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                var received = await receiving.WaitAsync(timeout, clock, CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                    return await ClosedAsync(socket);
                if (!_received.AsSpan(0, received.Count).SequenceEqual(message))
                    return Outcome.Failure(FailureReason.Protocol, "the echo is not what was sent");
                board.Answered(RequestKind.WebSocket, target, since);
                receiving = ReceiveAsync(socket);
                // A close that comes between two messages is seen at once.
                var pause = Task.Delay(EchoInterval, clock, stopping);
                if (await Task.WhenAny(receiving, pause) == receiving)
                    return (await receiving).MessageType == WebSocketMessageType.Close ? await ClosedAsync(socket) : Outcome.Failure(FailureReason.Protocol, "a message nobody had asked for");
            }
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            await receiving.WaitAsync(timeout, clock, CancellationToken.None);
            return Outcome.Success;
        }

        private Task<WebSocketReceiveResult> ReceiveAsync(WebSocket socket) => socket.ReceiveAsync(new ArraySegment<byte>(_received), CancellationToken.None);

        private async Task<Outcome> ClosedAsync(WebSocket socket)
        {
            var code = (int?)socket.CloseStatus;
            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            ToldToMove = socket.CloseStatus == WebSocketCloseStatus.EndpointUnavailable;
            return ToldToMove ? Outcome.Success : Outcome.Failure(FailureReason.SocketClosed, $"closed with {code?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no code"} {socket.CloseStatusDescription}");
        }
    }
}
