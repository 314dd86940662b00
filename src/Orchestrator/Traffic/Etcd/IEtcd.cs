using System.Collections.Immutable;

namespace Orchestrator.Traffic.Etcd;

/// <summary>What the sink needs of etcd. Every call throws <see cref="EtcdException"/> when no endpoint does what it is asked.</summary>
internal interface IEtcd : IDisposable
{
    /// <summary>A new lease; its number is never 0.</summary>
    Task<long> GrantAsync(TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>False when etcd has no such lease any more, and so no keys of it.</summary>
    Task<bool> RenewAsync(long lease, CancellationToken cancellation);

    /// <summary>All keys that begin so.</summary>
    Task<ImmutableSortedDictionary<string, EtcdValue>> ListAsync(string prefix, CancellationToken cancellation);

    /// <summary>All of the changes or none. At most <see cref="EtcdChange.TransactionMax"/>.</summary>
    Task CommitAsync(ImmutableArray<EtcdChange> changes, CancellationToken cancellation);
}

/// <param name="Lease">0 for none.</param>
internal sealed record EtcdValue(string Value, long Lease);

internal abstract record EtcdChange(string Key)
{
    /// <summary>etcd's own limit, unless <c>--max-txn-ops</c> says otherwise.</summary>
    public const int TransactionMax = 128;

    /// <param name="Lease">0 for none.</param>
    public sealed record Put(string Key, string Value, long Lease) : EtcdChange(Key);

    public sealed record Delete(string Key) : EtcdChange(Key);

    /// <summary>Every key that begins with <see cref="EtcdChange.Key"/>.</summary>
    public sealed record DeleteAll(string Key) : EtcdChange(Key);
}

/// <param name="isLeaseLost">The lease that was named does not exist any more.</param>
internal sealed class EtcdException(string message, bool isLeaseLost = false, Exception? inner = null) : Exception(message, inner)
{
    public bool IsLeaseLost => isLeaseLost;
}
