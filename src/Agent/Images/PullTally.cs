using System.Globalization;
using Orchestrator.Engine;

namespace Orchestrator.Agent.Images;

/// <summary>Counts a pull's layers. Written by the pull, read by the actor: hence the lock.</summary>
internal sealed class PullTally : IProgress<PullProgress>
{
    private static readonly string[] Done = ["Pull complete", "Already exists"];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, bool> _layers = [];
    private long _reports;

    /// <summary>Rises with every sign of life.</summary>
    public long Reports
    {
        get
        {
            lock (_lock) return _reports;
        }
    }

    /// <summary><c>3 of 5 layers</c>; null before the first layer is known.</summary>
    public string? Text
    {
        get
        {
            lock (_lock) return _layers.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{_layers.Values.Count(done => done)} of {_layers.Count} layers");
        }
    }

    public void Report(PullProgress value)
    {
        lock (_lock)
        {
            _reports++;

            // "Pulling from …" carries the tag where a layer's id stands, and no layer.
            if (value.Layer.Length == 0 || value.Status.StartsWith("Pulling from", StringComparison.Ordinal)) return;
            _layers[value.Layer] = Done.Any(done => value.Status.StartsWith(done, StringComparison.Ordinal));
        }
    }
}
