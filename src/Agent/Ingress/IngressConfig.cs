using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Agent.Ingress;

/// <summary>HAProxy's configuration for a layout. Pure: the same layout gives the same bytes.</summary>
/// <param name="Text">The file.</param>
/// <param name="Structure">Digest of everything but the servers: processes that have loaded the same structure differ in nothing that the runtime socket cannot change. HAProxy tells it as its description.</param>
/// <param name="Pages">Maintenance pages by file name.</param>
internal sealed record IngressConfig(string Text, string Structure, ImmutableSortedDictionary<string, string> Pages)
{
    public static IngressConfig For(IngressLayout layout, IngressPaths paths, IngressOptions options, bool hasIpv6)
    {
        var pages = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var page in layout.Backends.Select(backend => MaintenancePage.Of(backend.Spec.Maintenance))) pages[page.FileName] = page.Text;
        var structure = new ConfigText(layout, paths, options, hasIpv6).Write(description: "", withServers: false);

        // The names of certificates are in no line of the file, for HAProxy reads their folder; a change of them is a change of the structure all the same.
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(structure + string.Join(',', layout.Certificates.Select(certificate => certificate.Id)))))[..16];
        return new IngressConfig(new ConfigText(layout, paths, options, hasIpv6).Write(digest, withServers: true), digest, pages.ToImmutable());
    }
}
