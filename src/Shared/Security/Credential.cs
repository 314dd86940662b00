using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>What a client shows and whom it believes.</summary>
public sealed class Credential : IDisposable
{
    public Credential(X509Certificate2 certificate, X509Certificate2 authority, CertificateIdentity identity)
    {
        Certificate = certificate;
        Authority = authority;
        Identity = identity;
    }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    public X509Certificate2 Authority { get; }

    public CertificateIdentity Identity { get; }

    public void Dispose()
    {
        Certificate.Dispose();
        Authority.Dispose();
    }

    public override string ToString() => Identity.ToString();
}
