using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>Reads one JSON value a line; empty lines are signs of life and are passed over.</summary>
internal sealed class NdjsonReader<T>(HttpResponseMessage answer, Stream stream, JsonTypeInfo<T> type, TimeSpan silence, TimeProvider time) : IAsyncDisposable
    where T : class
{
    private readonly PipeReader _reader = PipeReader.Create(stream);

    /// <summary>The next value, or null at the stream's proper end.</summary>
    /// <exception cref="StreamLostException">Broken off, or silent for too long.</exception>
    /// <exception cref="CoordinatorException">The coordinator ended the stream with a refusal.</exception>
    public async Task<T?> ReadAsync(CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            while (true)
            {
                var result = await _reader.ReadAsync(either.Token);
                var buffer = result.Buffer;
                if (buffer.PositionOf((byte)'\n') is not { } end)
                {
                    if (buffer.Length > LinkProtocol.MessageBytesMax) throw new StreamLostException($"a line of more than {LinkProtocol.MessageBytesMax} bytes");
                    if (result.IsCompleted && buffer.Length > 0) throw new StreamLostException("the connection ended within a line");
                    if (result.IsCompleted) return null;
                    _reader.AdvanceTo(buffer.Start, buffer.End);
                    continue;
                }

                var value = Parse(buffer.Slice(0, end));
                _reader.AdvanceTo(buffer.GetPosition(1, end));
                if (value is not null) return value;

                // A sign of life, however many lines are waiting behind it.
                deadline.CancelAfter(silence);
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new StreamLostException($"nothing came from the coordinator for {silence.TotalSeconds:0} s", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new StreamLostException(CoordinatorTransport.Describe(e), e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Closing the answer first ends a read that is under way; nothing is left to drain.
        answer.Dispose();
        await _reader.CompleteAsync();
    }

    private T? Parse(ReadOnlySequence<byte> sequence)
    {
        if (sequence.IsEmpty) return null;
        var line = sequence.IsSingleSegment ? sequence.FirstSpan : sequence.ToArray();
        if (StreamFault.IsFault(line)) throw Problems.ToException(StreamFault.Parse(line));
        try
        {
            return JsonSerializer.Deserialize(line, type);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"the coordinator sent a line that this client does not understand ({e.Message}): install the same version on both", e);
        }
    }
}
