using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>Self-signed.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly string _name;

    public TestCertificate(string name)
    {
        _name = name;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        File = new CertificateFile(new string('c', 64), $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");

        // By way of PKCS #12, for a server cannot use a key that is in memory alone on every platform.
        Certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    public CertificateFile File { get; }

    public X509Certificate2 Certificate { get; }

    public bool IsIt(X509Certificate? shown) => shown?.GetCertHashString() == Certificate.GetCertHashString();

    /// <summary>By whoever listens on the port of loopback and is asked for the name.</summary>
    public async Task<bool> IsShownAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var isShown = false;
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, shown, _, _) =>
        {
            isShown = IsIt(shown);
            return shown is not null;
        });
        await tls.AuthenticateAsClientAsync(_name);
        return isShown;
    }

    public void Dispose() => Certificate.Dispose();
}
