using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>A new key and the request to have it certified. The key stays on this host; only <see cref="Pem"/> travels.</summary>
public sealed class SigningRequest
{
    private SigningRequest(string pem, string keyPem)
    {
        Pem = pem;
        KeyPem = keyPem;
    }

    public string Pem { get; }

    /// <summary>PKCS#8. Secret.</summary>
    public string KeyPem { get; }

    public static SigningRequest Create(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        return new SigningRequest(request.CreateSigningRequestPem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Names no key: this object may reach a log.</summary>
    public override string ToString() => nameof(SigningRequest);
}
