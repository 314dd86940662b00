using System.Collections.Immutable;
using Orchestrator.Store;

namespace Orchestrator.Traffic;

/// <summary>Certificates with their keys, sealed in the store: AES-256-GCM under a key that is in a file of its own beside it.</summary>
internal sealed class CertificateBook(IStore store, SealKey key)
{
    /// <summary>Durable on return.</summary>
    public Task PutAsync(string stack, ImmutableArray<CertificateFile> certificates) =>
        store.CommitAsync([.. certificates.Select(c => new StoreChange.Put(KeyOf(stack, c.Id), key.Seal(KeyOf(stack, c.Id), c.Pem)))], CancellationToken.None);

    /// <summary>Those of the ids that are known and can be opened.</summary>
    public async Task<ImmutableArray<CertificateFile>> GetAsync(string stack, IEnumerable<string> ids)
    {
        var found = ImmutableArray.CreateBuilder<CertificateFile>();
        foreach (var id in ids.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (await store.GetAsync(KeyOf(stack, id), CancellationToken.None) is { } entry && key.Open(KeyOf(stack, id), entry.Value) is { } pem)
            {
                found.Add(new CertificateFile(id, pem));
            }
        }
        return found.ToImmutable();
    }

    /// <summary>The stack needs only these any more.</summary>
    public async Task KeepAsync(string stack, IReadOnlySet<string> ids)
    {
        var prefix = KeyOf(stack, "");
        var surplus = (await store.ListAsync(prefix, CancellationToken.None)).Where(e => !ids.Contains(e.Key[prefix.Length..])).ToList();
        if (surplus.Count > 0)
        {
            await store.CommitAsync([.. surplus.Select(e => new StoreChange.Delete(e.Key))], CancellationToken.None);
        }
    }

    private static string KeyOf(string stack, string id) => $"certificates/{stack}/{id}";
}
