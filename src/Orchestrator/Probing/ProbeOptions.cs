using System.Collections.Immutable;

namespace Orchestrator.Probing;

public sealed record ProbeOptions
{
    public const double RateMin = 0.1;

    /// <summary>Above it one process no longer keeps the schedule, and the probe becomes the load.</summary>
    public const double RateMax = 1000;

    public const int UrlsMax = 20;

    /// <summary>At least one; absolute, http or https.</summary>
    public required ImmutableArray<Uri> Urls { get; init; }

    /// <summary>Requests per second over all URLs together, <see cref="RateMin"/> to <see cref="RateMax"/>. Default 20.</summary>
    public double Rate { get; init; } = 20;

    public ProbeConnections Connections { get; init; }

    /// <summary>From sending a request to the end of its answer. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Accept any certificate. Default false: the system's trust decides.</summary>
    public bool Insecure { get; init; }

    public StatusCodes Expect { get; init; } = StatusCodes.Default;

    /// <summary>Requests under way at once; what the schedule would send beyond is a failure "too many waiting". Default 256: at the default rate and timeout it is never reached.</summary>
    public int WaitingMax { get; init; } = 256;
}
