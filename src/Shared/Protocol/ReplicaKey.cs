namespace Orchestrator.Protocol;

/// <summary>Which replica: unique on one host. The same key on two hosts is a duplicate that the coordinator resolves by its assignment.</summary>
/// <param name="Slot">From 1.</param>
/// <param name="Revision">The service's revision: 12 or more hexadecimal digits of its config hash (and force counter).</param>
public sealed record ReplicaKey(string Stack, string Service, int Slot, string Revision)
{
    /// <summary>How many digits of the revision a container's name carries.</summary>
    public const int ShortRevisionLength = 8;

    public string ShortRevision => Revision.Length <= ShortRevisionLength ? Revision : Revision[..ShortRevisionLength];

    /// <summary><c>&lt;stack&gt;-&lt;service&gt;-&lt;slot&gt;-&lt;short revision&gt;</c>.</summary>
    public string ContainerName => $"{Stack}-{Service}-{Slot}-{ShortRevision}";

    public override string ToString() => $"{Stack}/{Service}.{Slot}@{ShortRevision}";
}
