using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Agent.Ingress;

/// <summary>HAProxy's configuration for a layout. Pure: the same layout gives the same bytes.</summary>
/// <param name="Text">The file.</param>
/// <param name="Structure">Digest of everything but the servers: processes that have loaded the same structure differ in nothing that the runtime socket cannot change. HAProxy tells it as its description.</param>
/// <param name="Pages">Maintenance pages by file name.</param>
/// <param name="Scripts">What the text loads, by path.</param>
internal sealed record IngressConfig(string Text, string Structure, ImmutableSortedDictionary<string, string> Pages, ImmutableSortedDictionary<string, string> Scripts)
{
    public static IngressConfig For(IngressLayout layout, IngressPaths paths, IngressOptions options, bool hasIpv6) =>
        For(layout, paths, options, hasIpv6, [(paths.Hold, HoldScript.Text(paths.Maintenance)), (paths.Latency, LatencyScript.Text)]);

    internal static IngressConfig For(IngressLayout layout, IngressPaths paths, IngressOptions options, bool hasIpv6, IEnumerable<(string Path, string Text)> scripts)
    {
        var pages = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var page in layout.Backends.Select(backend => MaintenancePage.Of(backend.Spec.Maintenance))) pages[page.FileName] = page.Text;
        var structure = new ConfigText(layout, paths, options, hasIpv6).Write(description: "", withServers: false);
        var loaded = scripts.Where(script => structure.Contains(script.Path, StringComparison.Ordinal)).ToImmutableSortedDictionary(script => script.Path, script => script.Text, StringComparer.Ordinal);

        // What HAProxy reads beside the file when it loads that is part of the structure: the certificates of a folder, of which no line names one, and scripts.
        var beside = layout.Certificates.Select(certificate => certificate.Id).Concat(loaded.Values);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(structure + string.Join(',', beside))))[..16];
        return new IngressConfig(new ConfigText(layout, paths, options, hasIpv6).Write(digest, withServers: true), digest, pages.ToImmutable(), loaded);
    }
}
