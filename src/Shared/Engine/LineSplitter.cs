using System.Text;

namespace Orchestrator.Engine;

/// <summary>Cuts a byte stream into lines. Nothing is lost: a line longer than the bound comes in pieces, and a last line without an end comes from <see cref="Flush"/>.</summary>
internal sealed class LineSplitter(int lineBytesMax)
{
    private byte[] _pending = new byte[256];
    private int _length;

    /// <summary>Adds bytes and appends the lines they complete, without their line feed.</summary>
    public void Push(ReadOnlySpan<byte> bytes, List<string> lines)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? [] : bytes[(end + 1)..];
            Append(part, lines);
            if (end >= 0) Take(_length, lines);
        }
    }

    /// <summary>The unfinished last line, if any.</summary>
    public void Flush(List<string> lines)
    {
        if (_length > 0) Take(_length, lines);
    }

    private void Append(ReadOnlySpan<byte> part, List<string> lines)
    {
        while (_length + part.Length > lineBytesMax)
        {
            var fits = lineBytesMax - _length;
            Store(part[..fits]);
            part = part[fits..];
            Take(WholeCharacters(), lines);
        }

        Store(part);
    }

    private void Store(ReadOnlySpan<byte> part)
    {
        if (_length + part.Length > _pending.Length) Array.Resize(ref _pending, Math.Max(_length + part.Length, _pending.Length * 2));
        part.CopyTo(_pending.AsSpan(_length));
        _length += part.Length;
    }

    private void Take(int count, List<string> lines)
    {
        lines.Add(Encoding.UTF8.GetString(_pending, 0, count));
        _pending.AsSpan(count, _length - count).CopyTo(_pending);
        _length -= count;
    }

    /// <summary>How much can be cut off without cutting through a UTF-8 character, of at most four bytes.</summary>
    private int WholeCharacters()
    {
        for (var back = 1; back <= 4 && back < _length; back++)
        {
            var b = _pending[_length - back];
            if ((b & 0xC0) == 0x80) continue;
            var needs = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return needs > back ? _length - back : _length;
        }

        return _length;
    }
}
