using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Engine;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

internal sealed record WorldOptions
{
    public required int Seed { get; init; }

    public int Hosts { get; init; } = 3;

    /// <summary>Of each message on a link, one way.</summary>
    public TimeSpan LinkDelayMax { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Of a commit or a read of the store.</summary>
    public TimeSpan StoreDelayMax { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>From the ingress's receipt of a table to its showing it.</summary>
    public TimeSpan IngressDelayMax { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Of every call to an engine.</summary>
    public TimeSpan EngineDelay { get; init; } = TimeSpan.FromMilliseconds(3);

    /// <summary>Messages are written and read as on the wire.</summary>
    public bool EncodesMessages { get; init; }

    /// <summary>For finding out what went wrong; off for speed.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Planted bugs: what stands between a part and the real thing.</summary>
    public Mutation Mutation { get; init; } = Mutation.None;
}
