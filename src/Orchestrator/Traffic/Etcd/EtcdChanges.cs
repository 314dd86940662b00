using System.Collections.Immutable;

namespace Orchestrator.Traffic.Etcd;

/// <summary>What turns the keys that etcd has of a stack into those of its table.</summary>
internal static class EtcdChanges
{
    /// <summary>
    /// Deletes last but for the version, which is the very last: whoever sees a part of it sees a replica too many rather than one too few. Empty when nothing differs.
    /// </summary>
    /// <param name="present">All keys below the stack.</param>
    /// <param name="lease">That every key is to hang on; 0 for none.</param>
    public static ImmutableArray<EtcdChange> Between(ImmutableSortedDictionary<string, EtcdValue> present, string prefix, TrafficTable table, long lease)
    {
        var wanted = TrafficKeys.Of(table).ToImmutableSortedDictionary(pair => prefix + pair.Key, pair => pair.Value, StringComparer.Ordinal);
        if (wanted.IsEmpty)
            return present.IsEmpty ? [] : [new EtcdChange.DeleteAll($"{prefix}{TrafficKeys.OfStack(table.Stack)}/")];
        var version = prefix + TrafficKeys.Version(table.Stack);
        var puts = wanted.Where(pair => present.GetValueOrDefault(pair.Key) != new EtcdValue(pair.Value, lease)).Select(EtcdChange (pair) => new EtcdChange.Put(pair.Key, pair.Value, lease));
        var deletes = present.Keys.Where(key => !wanted.ContainsKey(key)).Select(EtcdChange (key) => new EtcdChange.Delete(key));
        return [.. puts.Concat(deletes).OrderBy(change => change.Key == version)];
    }
}
