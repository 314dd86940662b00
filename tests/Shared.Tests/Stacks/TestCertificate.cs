using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Tests.Stacks;

/// <summary>Certificates made for one test, with their keys, in PEM form.</summary>
internal sealed record TestCertificate(string Pem, string Key)
{
    public static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TestCertificate Rsa(params string[] names)
    {
        using var key = RSA.Create(2048);
        return Of(new CertificateRequest("CN=rsa", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), key, names, Now.AddDays(-1), Now.AddDays(90));
    }

    public static TestCertificate Elliptic(params string[] names) => Elliptic(Now.AddDays(90), names);

    public static TestCertificate Elliptic(DateTimeOffset end, params string[] names) => Elliptic(end.AddDays(-30) < Now ? end.AddDays(-30) : Now.AddDays(-1), end, names);

    public static TestCertificate Elliptic(DateTimeOffset begin, DateTimeOffset end, params string[] names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Of(new CertificateRequest("CN=elliptic", key, HashAlgorithmName.SHA256), key, names, begin, end);
    }

    private static TestCertificate Of(CertificateRequest request, AsymmetricAlgorithm key, string[] names, DateTimeOffset begin, DateTimeOffset end)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
            alternatives.AddDnsName(name);
        if (names.Length > 0)
            request.CertificateExtensions.Add(alternatives.Build());
        using var certificate = request.CreateSelfSigned(begin, end);
        return new(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
