using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Api.Http;

/// <summary>Answers with one JSON value a line, flushed one by one, and an empty line whenever nothing else was sent for a while.</summary>
internal static class NdjsonStream
{
    private static readonly byte[] LineEnd = "\n"u8.ToArray();

    /// <exception cref="CoordinatorException">Refused before the first line: the caller answers with a problem.</exception>
    /// <exception cref="OperationCanceledException">The client left, or the server stops.</exception>
    public static async Task WriteAsync<T>(HttpContext context, IAsyncEnumerable<T> items, JsonTypeInfo<T> type, TimeSpan keepAlive, TimeProvider time, CancellationToken cancellation)
    {
        context.Response.ContentType = ApiRoutes.Ndjson;
        await using var source = items.GetAsyncEnumerator(cancellation);
        while (true)
        {
            var next = source.MoveNextAsync().AsTask();
            try
            {
                if (!await NextAsync(context, next, keepAlive, time, cancellation)) return;
            }
            catch (CoordinatorException e) when (context.Response.HasStarted)
            {
                var fault = new StreamFault(Problems.From(e));
                await WriteLineAsync(context, JsonSerializer.SerializeToUtf8Bytes(fault, HttpJson.Default.StreamFault), cancellation);
                return;
            }

            await WriteLineAsync(context, JsonSerializer.SerializeToUtf8Bytes(source.Current, type), cancellation);
        }
    }

    /// <summary>Waits for the next value with a sign of life at each interval; always sees <paramref name="next"/> to its end, because a source must not be disposed while it moves.</summary>
    private static async Task<bool> NextAsync(HttpContext context, Task<bool> next, TimeSpan keepAlive, TimeProvider time, CancellationToken cancellation)
    {
        while (!next.IsCompleted)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var delay = Task.Delay(keepAlive, time, pause.Token);
            var first = await Task.WhenAny(next, delay);
            await pause.CancelAsync();
            if (first == next || cancellation.IsCancellationRequested) break;
            try
            {
                await WriteLineAsync(context, ReadOnlyMemory<byte>.Empty, cancellation);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The client has left; the source hears of it by the same token.
                break;
            }
        }

        return await next;
    }

    private static async Task WriteLineAsync(HttpContext context, ReadOnlyMemory<byte> line, CancellationToken cancellation)
    {
        await context.Response.Body.WriteAsync(line, cancellation);
        await context.Response.Body.WriteAsync(LineEnd, cancellation);
        await context.Response.Body.FlushAsync(cancellation);
    }
}
