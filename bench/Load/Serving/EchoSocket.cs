using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Load.Serving;

/// <summary>Sends back what it receives. When the application ends, it says so with close code 1001 and waits for the client's answer.</summary>
internal static class EchoSocket
{
    private const int LongestMessageBytes = 4096;

    public static async Task RunAsync(HttpContext context, TimeSpan grace, TimeProvider clock, CancellationToken stopping)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        // Cancelling a receive aborts the socket, which is what a client that never answers the close gets at last.
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var sending = new SemaphoreSlim(1);
        await using var registration = stopping.Register(() => _ = LeaveAsync(socket, sending, abort, grace, clock));
        var buffer = new byte[LongestMessageBytes];
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), abort.Token);
                if (received.MessageType == WebSocketMessageType.Close)
                    break;
                await sending.WaitAsync(abort.Token);
                try
                {
                    if (socket.State == WebSocketState.Open)
                        await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, abort.Token);
                }
                finally
                {
                    sending.Release();
                }
            }
            if (socket.State == WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, abort.Token);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // The client left without a word, or did not answer the close in time: nobody is there to be told.
        }
    }

    private static async Task LeaveAsync(WebSocket socket, SemaphoreSlim sending, CancellationTokenSource abort, TimeSpan grace, TimeProvider clock)
    {
        try
        {
            using var limit = new CancellationTokenSource(grace, clock);
            await sending.WaitAsync(limit.Token);
            try
            {
                if (socket.State == WebSocketState.Open)
                    await socket.CloseOutputAsync(WebSocketCloseStatus.EndpointUnavailable, "this replica stops", limit.Token);
            }
            finally
            {
                sending.Release();
            }
            abort.CancelAfter(grace);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }
}
