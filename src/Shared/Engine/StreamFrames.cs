using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Orchestrator.Engine;

/// <summary>Takes apart the stream that carries stdout and stderr of a container without a terminal: frames of <c>[stream, 0, 0, 0, length as 32 bit big endian]</c> and that many bytes.</summary>
internal static class StreamFrames
{
    private const int HeaderBytes = 8;

    private const int StderrStream = 2;

    /// <summary>The engine's own complaint, in place of output.</summary>
    private const int ErrorStream = 3;

    /// <summary>One read; a frame longer than this comes in several pieces.</summary>
    private const int BufferBytes = 32 * 1024;

    /// <summary>Pieces of output as they come; each is valid until the next is asked for.</summary>
    /// <exception cref="InvalidDataException">Not such a stream.</exception>
    /// <exception cref="EndOfStreamException">The stream ends within a frame.</exception>
    public static async IAsyncEnumerable<(bool IsError, ReadOnlyMemory<byte> Bytes)> ReadAsync(Stream stream, bool tty, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        if (tty)
        {
            for (int read; (read = await stream.ReadAsync(buffer, cancellation)) > 0;) yield return (false, buffer.AsMemory(0, read));
            yield break;
        }

        var header = new byte[HeaderBytes];
        while (true)
        {
            var got = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellation);
            if (got == 0) yield break;
            if (got < HeaderBytes) throw new EndOfStreamException("the stream ended within a frame's header");
            if (header[0] > ErrorStream || header[1] != 0 || header[2] != 0 || header[3] != 0)
            {
                throw new InvalidDataException("the stream is not framed as stdout and stderr");
            }

            for (long left = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)); left > 0;)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferBytes)), cancellation);
                if (read == 0) throw new EndOfStreamException("the stream ended within a frame");
                left -= read;
                yield return (header[0] is StderrStream or ErrorStream, buffer.AsMemory(0, read));
            }
        }
    }
}
