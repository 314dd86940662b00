using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>Our own authority: the only one that coordinators, agents and operators trust.</summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>As Swarm's: long enough to be replaced on purpose, not by surprise.</summary>
    public static readonly TimeSpan RootLife = TimeSpan.FromDays(20 * 365);

    /// <summary>Of server and client certificates; they renew themselves at 50 to 80 % of it.</summary>
    public static readonly TimeSpan LeafLife = TimeSpan.FromDays(90);

    /// <summary>Certificates are valid this long before they are issued: hosts' clocks differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const int SerialBytes = 16;
    private const int KeyBits = 256;

    private CertificateAuthority(X509Certificate2 certificate) => Certificate = certificate;

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What a join token carries: see <see cref="DigestOf"/>.</summary>
    public string Digest => DigestOf(Certificate);

    /// <summary>SHA-256 of the certificate's DER form, base64url.</summary>
    public static string DigestOf(X509Certificate2 certificate) =>
        System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(certificate.RawDataMemory.Span));

    public static CertificateAuthority Create(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName("orchestrator");

        // The digits tell two authorities apart in messages; trust hangs on the key alone.
        name.AddCommonName($"orchestrator authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}");

        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return new CertificateAuthority(request.CreateSelfSigned(now - ClockSkew, now + RootLife));
    }

    /// <exception cref="CryptographicException">The text is no certificate, no key, or the two do not belong together.</exception>
    public static CertificateAuthority Load(string certificatePem, string keyPem) =>
        new(X509Certificate2.CreateFromPem(certificatePem, keyPem));

    /// <summary>Signs the key of a request for an identity that the caller vouches for; the request's own subject and extensions are ignored.</summary>
    /// <returns>The certificate as PEM.</returns>
    /// <exception cref="TrustException">The request is malformed, its signature wrong, or its key not ECDSA P-256.</exception>
    public string SignClient(string requestPem, CertificateIdentity identity, DateTimeOffset now)
    {
        using var certificate = Sign(PublicKeyOf(requestPem), identity, "1.3.6.1.5.5.7.3.2", names: null, now);
        return certificate.ExportCertificatePem();
    }

    /// <param name="names">DNS names and IP addresses under which clients dial.</param>
    public X509Certificate2 IssueServer(ECDsa key, string commonName, IEnumerable<string> names, DateTimeOffset now)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }

        var publicKey = new CertificateRequest(new X500DistinguishedName("CN=key"), key, HashAlgorithmName.SHA256).PublicKey;
        using var certificate = Sign(publicKey, new CertificateIdentity(commonName, CertificateRole.Coordinator), "1.3.6.1.5.5.7.3.1", alternatives.Build(), now);
        return certificate.CopyWithPrivateKey(key);
    }

    public void Dispose() => Certificate.Dispose();

    private X509Certificate2 Sign(PublicKey publicKey, CertificateIdentity identity, string usage, X509Extension? names, DateTimeOffset now)
    {
        var request = new CertificateRequest(identity.ToDistinguishedName(), publicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(publicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (names is not null) request.CertificateExtensions.Add(names);

        // A leaf may not reach beyond its authority on either side.
        var from = Later(now - ClockSkew, new DateTimeOffset(Certificate.NotBefore));
        var until = Earlier(now + LeafLife, new DateTimeOffset(Certificate.NotAfter));
        return request.Create(Certificate, from, until, NewSerial());
    }

    private static PublicKey PublicKeyOf(string requestPem)
    {
        try
        {
            // Loading checks the request's signature: whoever asks holds the key.
            var request = CertificateRequest.LoadSigningRequestPem(requestPem, HashAlgorithmName.SHA256);
            using var key = request.PublicKey.GetECDsaPublicKey();
            return key?.KeySize == KeyBits
                ? request.PublicKey
                : throw new TrustException(TrustErrorKind.Invalid, "the certificate request's key is not ECDSA P-256");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new TrustException(TrustErrorKind.Invalid, $"the certificate request cannot be read: {e.Message}", e);
        }
    }

    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);

        // Positive and without a leading zero octet, as DER's shortest form demands.
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
