using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>From an engine's container to what the coordinator is told of it.</summary>
/// <remarks>
/// What labels and restart policy say after the agent has restarted:
/// <list type="bullet">
/// <item>Running, restart policy set → passed. Running without, and <c>orchestrator.restart=no</c> → passed once it has run for its monitor time and is not unhealthy or starting. Else it is in its gate.</item>
/// <item>Stopped after a start, without restart policy, and <c>orchestrator.restart</c> is not <c>no</c> → kept for rollback. A container that failed in its gate looks the same once the agent that saw it has gone;
/// it does no harm, for a start of it goes through the gate again. Every other stopped container ended by itself.</item>
/// </list>
/// </remarks>
internal static class ReplicaObservation
{
    /// <summary>Of a failing probe's output, told with each change of the replica: enough to see why.</summary>
    private const int HealthOutputMax = 400;

    public static ReplicaKey? Key(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(ReplicaLabels.Stack, out var stack)
        && labels.TryGetValue(ReplicaLabels.Service, out var service)
        && labels.TryGetValue(ReplicaLabels.Revision, out var revision)
        && labels.TryGetValue(ReplicaLabels.Slot, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var slot)
            ? new ReplicaKey(stack, service, slot, revision)
            : null;

    public static ReplicaSnapshot Snapshot(ReplicaKey key, ContainerDetails container, ReplicaVerdict verdict, DateTimeOffset now) => new()
    {
        Key = key,
        ContainerId = container.Id,
        ContainerName = container.Name,
        Image = container.Image,
        ConfigHash = container.Labels.GetValueOrDefault(ReplicaLabels.ConfigHash, ""),
        State = State(container, verdict, now),
        Health = Health(container, verdict, now),
        ExitCode = HasEnded(container) || container.Status == "restarting" ? container.ExitCode : null,
        HealthOutput = IsFrozen(container) ? "it is paused in the engine (docker pause): its processes are frozen" : IsUp(container) && container.Health is { Status: "unhealthy", LastOutput: var output } ? Clip(output) : null,
        OomKilled = container.OomKilled,
        RestartCount = container.RestartCount,
        Created = container.Created,
        StartedAt = container.StartedAt,
        Ports = [.. container.Ports.Select(PortText)],
        ReservedCpus = decimal.TryParse(container.Labels.GetValueOrDefault(ReplicaLabels.ReservedCpus), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var cpus) ? cpus : 0,
        ReservedMemoryBytes = long.TryParse(container.Labels.GetValueOrDefault(ReplicaLabels.ReservedMemory), NumberStyles.None, CultureInfo.InvariantCulture, out var memory) ? memory : 0,
        Addresses = IsUp(container)
            ? container.Addresses.Where(pair => pair.Value.Length > 0).ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal)
            : ImmutableSortedDictionary<string, string>.Empty,
    };

    /// <summary>Its end, where a probe says what is wrong.</summary>
    private static string Clip(string output) => output.Length <= HealthOutputMax ? output : output[^HealthOutputMax..];

    /// <summary>Runs, in the engine's words, be it frozen.</summary>
    public static bool IsUp(ContainerDetails container) => container.Status is "running" or "paused";

    /// <summary>Answers nobody, and its healthcheck stays at its last verdict.</summary>
    private static bool IsFrozen(ContainerDetails container) => container.Status is "paused";

    public static bool HasEnded(ContainerDetails container) => container.Status is "exited" or "dead" or "removing";

    public static bool HasPassed(ContainerDetails container, ReplicaVerdict verdict, DateTimeOffset now) => verdict.Standing switch
    {
        ReplicaStanding.InGate or ReplicaStanding.Failed => false,
        ReplicaStanding.Passed or ReplicaStanding.Retained => true,
        ReplicaStanding.Unknown => !RestartPolicies.IsNo(container.RestartPolicy) || (EndsByItself(container) && now - container.StartedAt >= Monitor(container) && HealthStatus(container) is null or "healthy"),
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict.Standing, "unknown standing"),
    };

    /// <summary>Its final restart policy is <c>no</c>.</summary>
    public static bool EndsByItself(ContainerDetails container) => container.Labels.GetValueOrDefault(ReplicaLabels.Restart, "no") == "no";

    public static TimeSpan Monitor(ContainerDetails container) => Milliseconds(container, ReplicaLabels.Monitor) ?? TimeSpan.Zero;

    public static TimeSpan? StopGrace(ContainerDetails container) => Milliseconds(container, ReplicaLabels.StopGrace);

    public static bool IsSame(ReplicaSnapshot? a, ReplicaSnapshot b) => a is not null
        && a.Ports.AsSpan().SequenceEqual(b.Ports.AsSpan())
        && a.Addresses.SequenceEqual(b.Addresses)
        && a with { Ports = b.Ports, Addresses = b.Addresses } == b;

    private static ReplicaState State(ContainerDetails container, ReplicaVerdict verdict, DateTimeOffset now)
    {
        if (IsUp(container)) return HasPassed(container, verdict, now) ? ReplicaState.Running : ReplicaState.Starting;
        return container.Status switch
        {
            "created" => ReplicaState.Created,
            "restarting" => ReplicaState.Restarting,
            _ => IsRetained(container, verdict) ? ReplicaState.Retained : ReplicaState.Exited,
        };
    }

    public static bool IsRetained(ContainerDetails container, ReplicaVerdict verdict) => verdict.Standing switch
    {
        ReplicaStanding.Retained => true,
        ReplicaStanding.Unknown => RestartPolicies.IsNo(container.RestartPolicy) && !EndsByItself(container) && container.StartedAt is not null,
        ReplicaStanding.InGate or ReplicaStanding.Passed => verdict.KeptStart is { } kept && kept == container.StartedAt,
        ReplicaStanding.Failed => false,
        _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict.Standing, "unknown standing"),
    };

    /// <summary>
    /// Of what runs: an engine calls what it has stopped unhealthy. Its first verdict may be an interval away: until then counts what our own probe has
    /// found for this very start, or, after the agent's own restart, that the container had passed its gate and never restarted.
    /// </summary>
    private static ReplicaHealth Health(ContainerDetails container, ReplicaVerdict verdict, DateTimeOffset now) => (IsUp(container) ? HealthStatus(container) : null) switch
    {
        _ when IsFrozen(container) => ReplicaHealth.Unhealthy,
        null => ReplicaHealth.None,
        "healthy" => ReplicaHealth.Healthy,
        "unhealthy" => ReplicaHealth.Unhealthy,
        _ when verdict.VerifiedStart is { } start => start == container.StartedAt ? ReplicaHealth.Healthy : ReplicaHealth.Starting,
        _ => HasPassed(container, verdict, now) && container.RestartCount == 0 ? ReplicaHealth.Healthy : ReplicaHealth.Starting,
    };

    /// <summary>Null without a healthcheck; some engines then say <c>none</c>.</summary>
    private static string? HealthStatus(ContainerDetails container) => container.Health?.Status is "" or "none" ? null : container.Health?.Status;

    private static TimeSpan? Milliseconds(ContainerDetails container, string label) =>
        container.Labels.TryGetValue(label, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= TimeSpan.MaxValue.TotalMilliseconds / 2
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    private static string PortText(PortBinding port)
    {
        var target = string.Create(CultureInfo.InvariantCulture, $"{port.ContainerPort}/{port.Protocol}");
        if (port.HostPort is not { } published) return target;
        var ip = string.IsNullOrEmpty(port.HostIp) ? "0.0.0.0" : port.HostIp.Contains(':', StringComparison.Ordinal) ? $"[{port.HostIp}]" : port.HostIp;
        return string.Create(CultureInfo.InvariantCulture, $"{ip}:{published}->{target}");
    }
}
