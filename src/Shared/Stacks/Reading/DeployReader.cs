using System.Collections.Immutable;
using System.Net;

namespace Orchestrator.Stacks.Reading;

/// <summary>A service's <c>deploy</c>, with Swarm's words and defaults.</summary>
internal static class DeployReader
{
    /// <summary>No host has more; a larger number is a slip.</summary>
    public const decimal MaxCpus = 4096;

    private static readonly string[] FixedConstraintKeys = ["node.id", "node.hostname", "node.ip", "node.role", "node.platform.os", "node.platform.arch"];

    private static readonly string[] ConstraintPrefixes = ["node.labels.", "engine.labels."];

    internal static readonly KeyTable<UpdateSpec> UpdateKeys = Steps(
        v => v.OneOf(("pause", FailureAction.Pause), ("continue", FailureAction.Continue), ("rollback", FailureAction.Rollback)));

    internal static readonly KeyTable<UpdateSpec> RollbackKeys = Steps(ReadRollbackAction);

    private static readonly KeyTable<string?> PreferenceKeys = new()
    {
        { "spread", (_, v) => ReadSpread(v) },
    };

    internal static readonly KeyTable<PlacementSpec> PlacementKeys = new()
    {
        { "constraints", (p, v) => p with { Constraints = [.. v.Items().Select(ReadConstraint).OfType<ConstraintSpec>()] } },
        { "preferences", (p, v) => p with { SpreadBy = [.. v.Items().Select(i => PreferenceKeys.Read(i, null)).OfType<string>()] } },
        { "max_replicas_per_node", (p, v) => p with { MaxReplicasPerHost = v.Int(0) ?? 0 } },
    };

    private static readonly KeyTable<ResourcesSpec> LimitKeys = new()
    {
        { "cpus", (r, v) => r with { CpuLimit = v.Decimal(0, MaxCpus) } },
        { "memory", (r, v) => r with { MemoryLimitBytes = v.Bytes() } },
        { "pids", (r, v) => r with { PidsLimit = v.Long(-1) } },
    };

    private static readonly KeyTable<ResourcesSpec> ReservationKeys = new("generic_resources", "devices", "pids")
    {
        { "cpus", (r, v) => r with { CpuReservation = v.Decimal(0, MaxCpus) } },
        { "memory", (r, v) => r with { MemoryReservationBytes = v.Bytes() } },
    };

    private static readonly KeyTable<ResourcesSpec> ResourceKeys = new()
    {
        { "limits", (r, v) => v.IsNull ? r : LimitKeys.Read(v, r) },
        { "reservations", (r, v) => v.IsNull ? r : ReservationKeys.Read(v, r) },
    };

    internal static readonly KeyTable<ServiceDraft> Keys = new()
    {
        { "mode", (d, v) => d with { Deploy = d.Deploy with { Mode = ReadMode(v) } } },
        { "replicas", (d, v) => d with { Replicas = v.Int(0) } },
        { "labels", (d, v) => d with { Deploy = d.Deploy with { Labels = LabelReader.Read(v) } } },
        { "update_config", (d, v) => d with { Deploy = d.Deploy with { Update = UpdateKeys.Read(v, new UpdateSpec()) } } },
        { "rollback_config", (d, v) => d with { Deploy = d.Deploy with { Rollback = RollbackKeys.Read(v, new UpdateSpec()) } } },
        { "resources", ReadResources },
        { "restart_policy", (d, v) => d with { DeployRestart = RestartReader.Read(v) } },
        { "placement", (d, v) => d with { Deploy = d.Deploy with { Placement = PlacementKeys.Read(v, new PlacementSpec()) } } },
        // Both modes give the same here: names resolve to healthy replicas. Checked so that a slip does not pass.
        { "endpoint_mode", (d, v) => { v.OneOf(("vip", 0), ("dnsrr", 0)); return d; } },
    };

    public static ServiceDraft Read(ServiceDraft draft, Value value) => value.IsNull ? draft : Keys.Read(value, draft);

    private static ServiceDraft ReadResources(ServiceDraft draft, Value value) =>
        draft with { DeployResources = ResourceKeys.Read(value, draft.DeployResources) };

    private static KeyTable<UpdateSpec> Steps(Func<Value, FailureAction?> readAction) => new()
    {
        { "parallelism", (u, v) => u with { Parallelism = v.Int(0) ?? u.Parallelism } },
        { "delay", (u, v) => u with { Delay = v.Duration() ?? u.Delay } },
        { "failure_action", (u, v) => u with { FailureAction = readAction(v) ?? u.FailureAction } },
        { "monitor", (u, v) => u with { Monitor = v.Duration() ?? u.Monitor } },
        { "max_failure_ratio", (u, v) => u with { MaxFailureRatio = (double)(v.Decimal(0, 1) ?? 0) } },
        { "order", (u, v) => u with { Order = v.OneOf(("stop-first", UpdateOrder.StopFirst), ("start-first", UpdateOrder.StartFirst)) ?? u.Order } },
    };

    private static FailureAction? ReadRollbackAction(Value value)
    {
        if (value.String() != "rollback")
            return value.OneOf(("pause", FailureAction.Pause), ("continue", FailureAction.Continue));
        value.Error("a rollback that fails cannot roll back again", "use pause or continue");
        return null;
    }

    private static ServiceMode ReadMode(Value value)
    {
        if (value.String() is "replicated-job" or "global-job")
        {
            value.Error($"the mode `{value.String()}` is not supported yet", "use replicated or global");
            return ServiceMode.Replicated;
        }

        return value.OneOf(("replicated", ServiceMode.Replicated), ("global", ServiceMode.Global)) ?? ServiceMode.Replicated;
    }

    private static ConstraintSpec? ReadConstraint(Value value)
    {
        if (value.String() is not { } text)
            return null;
        var equal = true;
        var at = text.IndexOf("==", StringComparison.Ordinal);
        if (at < 0)
        {
            equal = false;
            at = text.IndexOf("!=", StringComparison.Ordinal);
        }

        var key = at < 0 ? "" : text[..at].Trim();
        var operand = at < 0 ? "" : text[(at + 2)..].Trim();
        if (at < 0 || key.Length == 0 || operand.Length == 0)
        {
            value.Error($"`{text}` is not a constraint", "the form is key==value or key!=value, such as node.labels.zone==a");
            return null;
        }

        if (key == "node.ip" && !IPAddress.TryParse(operand, out _) && !IPNetwork.TryParse(operand, out _))
        {
            value.Error($"`{operand}` is neither an address nor a range of addresses", "write node.ip==10.0.0.1 or node.ip==10.0.0.0/24");
            return null;
        }

        if (IsConstraintKey(key))
            return new ConstraintSpec(key, equal, operand);
        var likely = FixedConstraintKeys.Concat(ConstraintPrefixes.Select(p => p + key[(key.LastIndexOf('.') + 1)..]));
        value.Error($"`{key}` is not a constraint key", Spelling.Nearest(key, likely) is { } near ? $"did you mean {near}?" : $"known keys: {string.Join(", ", FixedConstraintKeys)}, node.labels.*, engine.labels.*");
        return null;
    }

    private static string? ReadSpread(Value value)
    {
        if (value.String() is not { } key)
            return null;
        if (IsConstraintKey(key))
            return key;
        value.Error($"`{key}` is not a key to spread over", "use a label such as node.labels.zone");
        return null;
    }

    private static bool IsConstraintKey(string key) =>
        FixedConstraintKeys.Contains(key) || ConstraintPrefixes.Any(p => key.Length > p.Length && key.StartsWith(p, StringComparison.Ordinal));
}
