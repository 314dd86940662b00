using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Runtime.Versioning;
using Orchestrator.Security;

namespace Orchestrator.Shared.Tests.Security;

public sealed class TrustMaterialTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly CertificateAuthority _authority = CertificateAuthority.Create(Now);
    private readonly string _folder = Directory.CreateTempSubdirectory("orchestrator-security-").FullName;

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(CertificateRole.Agent)]
    [InlineData(CertificateRole.Operator)]
    [InlineData(CertificateRole.Viewer)]
    public void Certificate_carries_the_identity_it_was_signed_for_not_the_one_requested(CertificateRole role)
    {
        using var certificate = Issue("h1", role, requested: "root");

        Assert.Equal(new CertificateIdentity("h1", role), CertificateIdentity.From(certificate));
        Assert.Null(CertificateVerifier.Explain(certificate, _authority.Certificate, CertificatePurpose.Client, Now));
        Assert.InRange(new DateTimeOffset(certificate.NotAfter) - Now, TimeSpan.FromDays(89), TimeSpan.FromDays(90));
    }

    [Fact]
    public void Root_lasts_20_years_and_may_sign_no_further_authority()
    {
        Assert.InRange(new DateTimeOffset(_authority.Certificate.NotAfter) - Now, TimeSpan.FromDays(7299), TimeSpan.FromDays(7301));
        var constraints = _authority.Certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
        Assert.True(constraints is { CertificateAuthority: true, HasPathLengthConstraint: true, PathLengthConstraint: 0, Critical: true });
    }

    [Theory]
    [InlineData(91, "expired on")]
    [InlineData(-1, "valid only from")]
    public void Certificate_out_of_its_time_is_refused_with_the_reason(int days, string reason)
    {
        using var certificate = Issue("h1", CertificateRole.Agent);

        Assert.Contains(reason, CertificateVerifier.Explain(certificate, _authority.Certificate, CertificatePurpose.Client, Now.AddDays(days)), StringComparison.Ordinal);
    }

    [Fact]
    public void Certificate_of_another_authority_is_refused_even_under_the_same_name()
    {
        using var other = CertificateAuthority.Create(Now);
        using var certificate = Issue("h1", CertificateRole.Agent);

        Assert.Contains("another authority", CertificateVerifier.Explain(certificate, other.Certificate, CertificatePurpose.Client, Now), StringComparison.Ordinal);
    }

    [Fact]
    public void Clients_certificate_is_no_servers()
    {
        using var certificate = Issue("h1", CertificateRole.Agent);

        Assert.Contains("not one for a server", CertificateVerifier.Explain(certificate, _authority.Certificate, CertificatePurpose.Server, Now), StringComparison.Ordinal);
    }

    [Fact]
    public void Request_with_another_kind_of_key_is_refused()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=h1", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();

        var refused = Assert.Throws<TrustException>(() => _authority.SignClient(request, new CertificateIdentity("h1", CertificateRole.Agent), Now));

        Assert.Equal(TrustErrorKind.Invalid, refused.Kind);
    }

    [Fact]
    public void Request_whose_signature_does_not_fit_its_key_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var der = new CertificateRequest("CN=h1", key, HashAlgorithmName.SHA256).CreateSigningRequest();
        der[^1] ^= 1;

        Assert.Throws<TrustException>(() => _authority.SignClient(PemEncoding.WriteString("CERTIFICATE REQUEST", der), new CertificateIdentity("h1", CertificateRole.Agent), Now));
    }

    [Fact]
    public void Renewal_falls_between_half_and_four_fifths_of_the_life_and_is_spread()
    {
        var shares = new HashSet<double>();
        for (var i = 0; i < 20; i++)
        {
            using var certificate = Issue($"h{i}", CertificateRole.Agent);
            var life = certificate.NotAfter - certificate.NotBefore;
            var share = (RenewalSchedule.DueAt(certificate) - new DateTimeOffset(certificate.NotBefore)) / life;
            Assert.InRange(share, 0.5, 0.8);
            Assert.Equal(RenewalSchedule.DueAt(certificate), RenewalSchedule.DueAt(certificate));
            shares.Add(share);
        }

        Assert.Equal(20, shares.Count);
    }

    [Theory]
    [InlineData("h1", true)]
    [InlineData("web-01.dc2_a", true)]
    [InlineData("", false)]
    [InlineData("H1", false)]
    [InlineData("-h1", false)]
    [InlineData("h1.", false)]
    [InlineData("a/b", false)]
    [InlineData("h1,OU=operator", false)]
    public void Names_are_those_that_cannot_be_mistaken(string name, bool valid) => Assert.Equal(valid, CertificateIdentity.IsValidName(name));

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Files_are_their_owners_alone()
    {
        var path = Path.Combine(_folder, "keys");
        new CredentialFolder(path, "agent").Save("ca", "crt", "key");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
        Assert.All(Directory.GetFiles(path), f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
        Assert.Equal(["agent.crt", "agent.key", "ca.crt"], Directory.GetFiles(path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Renewal_cut_off_by_a_crash_leaves_a_usable_pair(bool certificateWasReplaced)
    {
        var folder = new CredentialFolder(Path.Combine(_folder, "agent"), "agent");
        var (oldCertificate, oldKey) = IssuePems("h1");
        var (newCertificate, newKey) = IssuePems("h1");
        folder.Save(_authority.Certificate.ExportCertificatePem(), oldCertificate, oldKey);
        PrivateFiles.Write(Path.Combine(folder.Path, "agent.key.next"), newKey);
        if (certificateWasReplaced) PrivateFiles.Write(Path.Combine(folder.Path, "agent.crt"), newCertificate);

        using var credential = folder.Load();

        Assert.Equal(certificateWasReplaced ? newCertificate : oldCertificate, credential.Certificate.ExportCertificatePem());
        Assert.True(credential.Certificate.HasPrivateKey);
    }

    private X509Certificate2 Issue(string name, CertificateRole role, string? requested = null) =>
        X509Certificate2.CreateFromPem(_authority.SignClient(SigningRequest.Create(requested ?? name).Pem, new CertificateIdentity(name, role), Now));

    private (string Certificate, string Key) IssuePems(string name)
    {
        var request = SigningRequest.Create(name);
        return (_authority.SignClient(request.Pem, new CertificateIdentity(name, CertificateRole.Agent), Now), request.KeyPem);
    }
}
