using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>A client's <c>ca.crt</c>, <c>&lt;name&gt;.crt</c> and <c>&lt;name&gt;.key</c> in one folder.</summary>
/// <param name="path">The folder.</param>
/// <param name="name"><c>agent</c> or <c>client</c>.</param>
public sealed class CredentialFolder(string path, string name)
{
    public string Path => path;

    private string AuthorityFile => System.IO.Path.Combine(path, "ca.crt");

    private string CertificateFile => System.IO.Path.Combine(path, name + ".crt");

    private string KeyFile => System.IO.Path.Combine(path, name + ".key");

    private string NextKeyFile => KeyFile + ".next";

    public bool Exists => File.Exists(CertificateFile);

    public void Save(string authorityPem, string certificatePem, string keyPem)
    {
        PrivateFiles.CreateFolder(path);
        PrivateFiles.Write(AuthorityFile, authorityPem);
        Replace(certificatePem, keyPem);
    }

    /// <summary>Two files cannot be replaced at one instant: the new key waits beside the old one until its certificate is in place, and <see cref="Load"/> finishes what a crash cut off.</summary>
    public void Replace(string certificatePem, string keyPem)
    {
        PrivateFiles.Write(NextKeyFile, keyPem);
        PrivateFiles.Write(CertificateFile, certificatePem);
        File.Move(NextKeyFile, KeyFile, overwrite: true);
    }

    public void Delete()
    {
        foreach (var file in new[] { KeyFile, NextKeyFile, CertificateFile, AuthorityFile }) File.Delete(file);
    }

    /// <exception cref="TrustException">A file is missing or not what it should be.</exception>
    public Credential Load()
    {
        var authority = LoadAuthority();
        try
        {
            var certificate = LoadPair();
            var identity = CertificateIdentity.From(certificate)
                ?? throw new TrustException(TrustErrorKind.Invalid, $"{CertificateFile}: the subject '{certificate.Subject}' names no role: it is not a certificate of an orchestrator's authority");
            return new Credential(certificate, authority, identity);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            authority.Dispose();
            throw new TrustException(TrustErrorKind.Invalid, $"{CertificateFile} and {KeyFile} cannot be used: {e.Message}. Join again with a new token.", e);
        }
    }

    public X509Certificate2 LoadAuthority()
    {
        try
        {
            return X509Certificate2.CreateFromPem(File.ReadAllText(AuthorityFile));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new TrustException(TrustErrorKind.Invalid, $"{AuthorityFile}: {e.Message}. Join again with a new token.", e);
        }
    }

    private X509Certificate2 LoadPair()
    {
        var certificatePem = File.ReadAllText(CertificateFile);
        if (File.Exists(NextKeyFile) && TryPair(certificatePem, NextKeyFile) is { } renewed)
        {
            File.Move(NextKeyFile, KeyFile, overwrite: true);
            return renewed;
        }

        return X509Certificate2.CreateFromPem(certificatePem, File.ReadAllText(KeyFile));
    }

    private static X509Certificate2? TryPair(string certificatePem, string keyFile)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificatePem, File.ReadAllText(keyFile));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null;
        }
    }
}
