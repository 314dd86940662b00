using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Security;

namespace Orchestrator.Agent.Ingress;

/// <summary>The files HAProxy reads. Each is replaced whole or not at all, so that a restart at any moment finds a configuration that works.</summary>
internal sealed class IngressFiles(IngressPaths paths)
{
    private string? _config;

    /// <summary>The configuration on the disk; null when there is none.</summary>
    public string? Config => _config ??= File.Exists(paths.Config) ? File.ReadAllText(paths.Config) : null;

    public void CreateFolders()
    {
        foreach (var folder in new[] { paths.ConfigFolder, paths.Pages, paths.RuntimeFolder, paths.Certificates }.Concat(IngressPaths.Slots.Select(paths.Slot))) PrivateFiles.CreateFolder(folder);
    }

    /// <summary>What the configuration names comes first, it itself last.</summary>
    public void Write(IngressLayout layout, IngressConfig config, DateTimeOffset now)
    {
        if (!File.Exists(paths.Fallback)) PrivateFiles.Write(paths.Fallback, SelfSigned(now));
        foreach (var (path, script) in config.Scripts) WriteIfOther(path, script);
        foreach (var (name, page) in config.Pages) WriteIfOther(Path.Combine(paths.Pages, name), page);
        WriteIfOther(paths.Maintenance, string.Concat(layout.Maintenance.Select(service => $"{service} 1\n")));
        WriteCertificates(layout);
        WriteConfig(config.Text);
    }

    public void WriteConfig(string text)
    {
        if (Config == text && File.Exists(paths.Config)) return;
        PrivateFiles.Write(paths.Config, text);
        _config = text;
    }

    /// <summary>Once no process can be asked to read the old configuration again.</summary>
    public void Tidy(IngressConfig config)
    {
        foreach (var page in Directory.EnumerateFiles(paths.Pages).Where(page => !config.Pages.ContainsKey(Path.GetFileName(page)))) File.Delete(page);
    }

    /// <summary>Both folders with all that is in them, keys of certificates among it: once nothing runs that reads them.</summary>
    public void Remove()
    {
        _config = null;
        foreach (var folder in new[] { paths.RuntimeFolder, paths.ConfigFolder }.Where(Directory.Exists)) Directory.Delete(folder, recursive: true);
    }

    /// <summary>Running processes hold their certificates in memory, so one that no route names may go before the reload: it would be loaded again.</summary>
    private void WriteCertificates(IngressLayout layout)
    {
        var wanted = layout.Certificates.ToDictionary(certificate => paths.Certificate(certificate.Id), certificate => certificate.Pem, StringComparer.Ordinal);
        foreach (var (path, pem) in wanted) WriteIfOther(path, pem);
        foreach (var file in Directory.EnumerateFiles(paths.Certificates).Where(file => !wanted.ContainsKey(file))) File.Delete(file);
    }

    private static void WriteIfOther(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text) PrivateFiles.Write(path, text);
    }

    /// <summary>For greetings that name no certificate of a route: browsers refuse it, as they should.</summary>
    private static string SelfSigned(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orchestrator ingress", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(20));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
