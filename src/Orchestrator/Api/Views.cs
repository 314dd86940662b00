using System.Collections.Immutable;

namespace Orchestrator.Api;

/// <summary>A line of <c>ps</c>; the names are those of <c>ps --json</c>.</summary>
/// <param name="State">Lower case: created, starting, running, restarting, exited, retained; or lost when its host does not answer.</param>
/// <param name="Health">healthy, unhealthy, starting, none.</param>
/// <param name="Container">The container's name.</param>
public sealed record ReplicaView(
    string Stack,
    string Service,
    int Slot,
    string Revision,
    string Host,
    string Image,
    string State,
    string Health,
    string Container,
    string ContainerId,
    DateTimeOffset Created,
    int RestartCount,
    ImmutableArray<string> Ports)
{
    /// <summary>The service's traffic is answered with the maintenance page.</summary>
    public bool InMaintenance { get; init; }

    /// <summary>It ends over and over; null when it does not.</summary>
    public CrashLoopView? CrashLoop { get; init; }
}

/// <param name="Exits">Ends within <paramref name="Within"/>, at most the last ten minutes'.</param>
/// <param name="NextTry">When the coordinator tries again; null while the engine does, which waits up to a minute between starts, or when nobody does.</param>
/// <param name="IsSpent"><c>max_attempts</c> is used up: nobody starts it again before a new revision.</param>
/// <param name="Reason">Of the last try that failed its gate.</param>
public sealed record CrashLoopView(int Exits, TimeSpan Within, DateTimeOffset? NextTry, int? LastExitCode, bool IsSpent, string? Reason)
{
    /// <summary><c>crash loop: 5 exits in 3 min, next try in 40 s, last exit code 1</c>.</summary>
    public string Text(DateTimeOffset now)
    {
        var exits = $"{Exits} {(Exits == 1 ? "exit" : "exits")} in {Words(Within)}";
        var next = IsSpent ? "max_attempts is used up" : NextTry is { } at && at > now ? $"next try in {Words(at - now)}" : null;
        var code = LastExitCode is { } last ? $"last exit code {last}" : null;
        return $"crash loop: {string.Join(", ", new[] { exits, next, code }.OfType<string>())}";
    }

    private static string Words(TimeSpan time) => time < TimeSpan.FromMinutes(2) ? $"{Math.Max(1, Math.Ceiling(time.TotalSeconds)):0} s" : $"{time.TotalMinutes:0} min";
}

/// <param name="State">stable, updating, held, repairing, paused; degraded when a slot is not served; failed, aborted, superseded or rolled-back when all are, and the wanted revision is not what every one of them got to.</param>
/// <param name="ReplicasServing">Slots in which a replica serves, of whichever revision.</param>
public sealed record StackView(string Stack, int Revision, string State, int Services, int ReplicasServing, int ReplicasDesired, string? Detail)
{
    /// <summary>Services whose traffic is answered with the maintenance page.</summary>
    /// <remarks>Generated deserialization sets what an older coordinator does not send to the default and passes over initializers.</remarks>
    public ImmutableArray<string> InMaintenance { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <param name="State">current, good, failed, superseded, aborted, running, paused.</param>
/// <param name="Services">Service → revision and image.</param>
public sealed record RevisionView(int Revision, DateTimeOffset Created, string State, ImmutableSortedDictionary<string, RevisionServiceView> Services, string? Detail);

public sealed record RevisionServiceView(string Revision, string Image, int Replicas);

/// <param name="State">ready, disconnected, down.</param>
public sealed record HostView(string Name, string State, string EngineVersion, string Os, string Architecture, int Cpus, long MemoryBytes, int Replicas, ImmutableSortedDictionary<string, string> Labels, string AgentVersion, string? Detail, DateTimeOffset? LastSeen);

/// <param name="Mode">embedded or fleet.</param>
/// <param name="Address">The engine's address when embedded, the coordinator's on a fleet.</param>
public sealed record CoordinatorVersion(string Version, string Mode, string Address);

public sealed record LogsQuery
{
    public required string Stack { get; init; }

    /// <summary>Empty = all.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    public bool Follow { get; init; }

    public int? Tail { get; init; }

    public DateTimeOffset? Since { get; init; }

    public bool Timestamps { get; init; }
}

/// <param name="Replica"><c>web.2</c>.</param>
/// <param name="IsError">From the container's stderr, or a note of ours when <paramref name="Replica"/> is empty.</param>
public sealed record LogView(string Service, string Replica, string Host, bool IsError, string Text);
