using System.Buffers.Binary;
using System.Text;

namespace Orchestrator.Engine.Tests;

public sealed class StreamFramesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task Frames_are_taken_apart_however_the_bytes_arrive(int bytesPerRead)
    {
        byte[] bytes = [.. Frame(1, "one\ntw"), .. Frame(2, "err"), .. Frame(1, ""), .. Frame(1, "o\n")];

        var (output, errors) = await ReadAsync(new TricklingStream(bytes, bytesPerRead), tty: false);

        Assert.Equal(("one\ntwo\n", "err"), (output, errors));
    }

    [Fact]
    public async Task Frame_longer_than_the_buffer_comes_whole()
    {
        var text = new string('x', 100_000);

        Assert.Equal((text, ""), await ReadAsync(new TricklingStream(Frame(1, text), 7000), tty: false));
    }

    [Fact]
    public async Task Terminal_has_no_frames() => Assert.Equal(("plain\r\n", ""), await ReadAsync(new TricklingStream("plain\r\n"u8.ToArray(), 2), tty: true));

    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    public async Task Stream_cut_within_a_frame_is_an_error(int length) =>
        await Assert.ThrowsAsync<EndOfStreamException>(() => ReadAsync(new TricklingStream(Frame(1, "text")[..length], 100), tty: false));

    [Fact]
    public async Task Stream_without_frames_is_not_taken_for_one() =>
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(new TricklingStream("plain text"u8.ToArray(), 100), tty: false));

    [Fact]
    public void Lines_of_the_two_streams_are_cut_apart_and_the_last_is_kept()
    {
        var lines = new LogLines(1024, tty: false);
        List<LogLine> found = [.. lines.Push(false, "a\nb"u8), .. lines.Push(true, "x"u8), .. lines.Push(false, "c\n\n"u8), .. lines.Push(true, "y"u8), .. lines.Flush()];

        Assert.Equal([new(false, "a"), new(false, "bc"), new(false, ""), new(true, "xy")], found);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(4096)]
    public void Line_beyond_the_bound_comes_in_pieces_that_cut_no_character(int bytesPerPush)
    {
        const int BytesMax = 10;
        var text = "abcdefgh€ijklmnop𝄞qrstuv";
        var bytes = Encoding.UTF8.GetBytes(text + "\nnext");
        var splitter = new LineSplitter(BytesMax);
        List<string> lines = [];

        foreach (var part in bytes.Chunk(bytesPerPush)) splitter.Push(part, lines);
        splitter.Flush(lines);

        Assert.Equal(text + "next", string.Concat(lines));
        Assert.Equal("next", lines[^1]);
        Assert.All(lines, line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 1, BytesMax));
    }

    private static byte[] Frame(byte stream, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        byte[] header = [stream, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), (uint)body.Length);
        return [.. header, .. body];
    }

    private static async Task<(string Output, string Errors)> ReadAsync(Stream stream, bool tty)
    {
        var (output, errors) = (new StringBuilder(), new StringBuilder());
        await foreach (var (isError, bytes) in StreamFrames.ReadAsync(stream, tty, default)) (isError ? errors : output).Append(Encoding.UTF8.GetString(bytes.Span));
        return (output.ToString(), errors.ToString());
    }

    /// <summary>Gives a few bytes at a time, as a network does.</summary>
    private sealed class TricklingStream(byte[] bytes, int bytesPerRead) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesPerRead)], cancellationToken);
    }
}
