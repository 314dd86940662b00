using System.Collections.Immutable;
using Orchestrator.Traffic;

namespace Orchestrator.Stacks.Reading;

/// <summary>Collects the certificates that routes name; the same one twice is one.</summary>
internal sealed class LoadedCertificates
{
    private readonly SortedDictionary<string, (CertificateSpec Spec, CertificateFile File)> _byId = new(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, CertificateSpec> Specs => _byId.ToImmutableSortedDictionary(c => c.Key, c => c.Value.Spec, StringComparer.Ordinal);

    public ImmutableArray<CertificateFile> Files => [.. _byId.Values.Select(c => c.File)];

    public void Add(CertificateSpec spec, string pem) => _byId[spec.Id] = (spec, new CertificateFile(spec.Id, pem));
}
