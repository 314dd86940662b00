using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Simulation;

/// <summary>What happened, a line each. The lines of one seed are the same in every run of it.</summary>
internal sealed class Trace : IDisposable
{
    /// <summary>The end is what explains a violation.</summary>
    private const int LinesKeptMax = 400;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Queue<string> _last = new();

    /// <summary>Gets every line; null keeps only the last ones.</summary>
    public Action<string>? Sink { get; set; }

    public long Lines { get; private set; }

    public IReadOnlyCollection<string> Last => _last;

    public void Add(TimeSpan at, string who, string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{at.TotalSeconds,10:0.000} {who,-12} {what}");
        _hash.AppendData(Encoding.UTF8.GetBytes(line));
        Lines++;
        _last.Enqueue(line);
        if (_last.Count > LinesKeptMax) _last.Dequeue();
        Sink?.Invoke(line);
    }

    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
