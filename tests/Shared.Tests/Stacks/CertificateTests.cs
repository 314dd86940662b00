using System.Security.Cryptography;
using System.Text;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

/// <summary>Certificates of routes: read here, checked here, and carried beside the specification.</summary>
public sealed class CertificateTests
{
    private const string Routed = """
        services:
          web:
            image: a
            x-orchestrator: {route: {host: shop.example, tls: {certificate: web.pem, key: web.key}}}
        """;

    private const string InOneFile = """
        services:
          web:
            image: a
            x-orchestrator: {route: {host: shop.example, tls: {certificate: web.pem}}}
        """;

    private static StackFileResult Load(string yaml, params (string Name, string Text)[] files)
    {
        var stack = files.Aggregate(new StackFiles().With("stack.yaml", yaml), (s, f) => s.With(f.Name, f.Text));
        return StackFile.Load(stack.Request("stack.yaml") with { Time = new FixedTime(TestCertificate.Now) });
    }

    private static string Said(StackFileResult result) => string.Join('\n', result.Errors.Concat(result.Warnings));

    [Fact]
    public void Certificate_and_key_are_beside_the_specification_under_the_hash_of_both()
    {
        var made = TestCertificate.Rsa("shop.example", "www.shop.example");

        var result = Load(Routed, ("web.pem", made.Pem), ("web.key", made.Key));

        var stack = StackFiles.Good(result);
        var file = Assert.Single(result.Certificates);
        var spec = Assert.Single(stack.Certificates).Value;
        Assert.Equal(made.Pem.ReplaceLineEndings("\n").TrimEnd() + "\n" + made.Key.ReplaceLineEndings("\n").TrimEnd() + "\n", file.Pem);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(file.Pem))), file.Id);
        Assert.Equal((file.Id, file.Id, file.Id), (spec.Id, stack.Certificates.Keys.Single(), stack.Services[0].Traffic.Routes[0].Certificate));
        Assert.Equal(["shop.example", "www.shop.example"], spec.Names.AsEnumerable());
        Assert.Equal(TestCertificate.Now.AddDays(90), spec.NotAfter);
        Assert.DoesNotContain("PRIVATE", SpecJson.Write(stack), StringComparison.Ordinal);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Key_may_stand_in_the_certificates_file_and_its_layout_does_not_count()
    {
        var made = TestCertificate.Elliptic("*.example");
        var separate = Load(Routed, ("web.pem", made.Pem), ("web.key", made.Key));
        var together = Load(InOneFile, ("web.pem", "made by hand\r\n" + made.Key.ReplaceLineEndings("\r\n") + "\n\n" + made.Pem));

        Assert.Equal("", Said(together));
        Assert.Equal(separate.Certificates.Single(), together.Certificates.Single());
    }

    [Fact]
    public void Chain_follows_its_certificate_and_the_same_one_of_two_routes_is_one()
    {
        var (made, authority) = (TestCertificate.Elliptic("shop.example", "b.example"), TestCertificate.Rsa("authority"));
        var result = Load(
            """
            services:
              web:
                image: a
                x-orchestrator:
                  route:
                    - {host: shop.example, tls: {certificate: web.pem, key: web.key}}
                    - {host: b.example, tls: {certificate: ./web.pem, key: ./web.key}, redirect: false, https_port: 8443}
            """,
            ("web.pem", made.Pem + "\n" + authority.Pem),
            ("web.key", made.Key));

        Assert.Equal("", Said(result));
        Assert.Equal(2, Assert.Single(result.Certificates).Pem.Split("BEGIN CERTIFICATE").Length - 1);
        Assert.Equal([(true, 443), (false, 8443)], result.Stack!.Services[0].Traffic.Routes.Select(r => (r.Redirect, r.HttpsPort)));
    }

    [Fact]
    public void File_with_errors_gives_no_certificates()
    {
        var made = TestCertificate.Elliptic("shop.example");

        Assert.Empty(Load(Routed + "    imag: x\n", ("web.pem", made.Pem), ("web.key", made.Key)).Certificates);
    }

    [Fact]
    public void Bad_certificate_is_refused_without_a_word_of_what_is_in_the_files()
    {
        var (good, other, rsa) = (TestCertificate.Elliptic("shop.example"), TestCertificate.Elliptic("shop.example"), TestCertificate.Rsa("shop.example"));
        var ended = TestCertificate.Elliptic(TestCertificate.Now.AddDays(-3), "shop.example");
        using var locked = ECDsa.Create();
        var password = locked.ExportEncryptedPkcs8PrivateKeyPem("x", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));
        const string Place = "services.web.x-orchestrator.route.tls";

        Check(Routed, good.Pem, other.Key, $"stack.yaml:4:83: {Place}.key: the private key does not belong to the certificate; name the key that the certificate was requested with");
        Check(Routed, good.Pem, rsa.Key, $"stack.yaml:4:83: {Place}.key: the private key does not belong to the certificate; name the key that the certificate was requested with");
        Check(Routed, other.Pem + "\n" + good.Pem, good.Key, $"stack.yaml:4:69: {Place}.certificate: the key's own certificate is not the first of the file; put it first, and the authorities that signed it after it");
        Check(Routed, good.Pem, password, $"stack.yaml:4:83: {Place}.key: the private key is protected by a password; take it off with: openssl pkey -in FILE -out FILE");
        Check(Routed, good.Pem, "no key", $"stack.yaml:4:83: {Place}.key: the file holds no private key in PEM form; it starts with -----BEGIN PRIVATE KEY-----");
        Check(Routed, good.Pem, good.Key + "\n" + other.Key, $"stack.yaml:4:83: {Place}.key: the file holds 2 private keys; keep the one that belongs to the certificate");
        Check(InOneFile, good.Pem, "", $"stack.yaml:4:69: {Place}.certificate: the file holds no private key in PEM form; add `key:` with the file that holds it, or put it after the certificate");
        Check(Routed, "binary", good.Key, $"stack.yaml:4:69: {Place}.certificate: the file holds no certificate in PEM form; it starts with -----BEGIN CERTIFICATE-----; convert a binary one with: openssl x509 -inform der -in FILE");
        Check(Routed, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", good.Key, $"stack.yaml:4:69: {Place}.certificate: the file holds something that is not a certificate, under a certificate's heading; make the file again from its source");
        Check(Routed, good.Pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", $"stack.yaml:4:83: {Place}.key: the private key does not belong to the certificate; name the key that the certificate was requested with");
        Check(Routed, ended.Pem, ended.Key, $"stack.yaml:4:69: {Place}.certificate: the certificate has ended on 2029-12-29; renew it");

        static void Check(string yaml, string pem, string key, string expected)
        {
            var result = Load(yaml, ("web.pem", pem), ("web.key", key));
            Assert.Equal(expected, Said(result));
            Assert.Null(result.Stack);
        }
    }

    [Fact]
    public void Files_that_cannot_be_read_are_named() => Assert.Equal(
        """
        stack.yaml:4:69: services.web.x-orchestrator.route.tls.certificate: the certificate /home/ada/shop/web.pem does not exist; create it, or correct the path; relative paths start at /home/ada/shop
        stack.yaml:4:83: services.web.x-orchestrator.route.tls.key: the private key /home/ada/shop/web.key does not exist; create it, or correct the path; relative paths start at /home/ada/shop
        """,
        Said(Load(Routed)));

    [Theory]
    [InlineData("tls: \"-----BEGIN PRIVATE KEY-----c2VjcmV0\"", "must be a mapping; write tls: {certificate: FILE, key: FILE}, or {certificate: FILE} when the key is in the same file")]
    [InlineData("tls: {certificate: \"-----BEGIN PRIVATE KEY-----c2VjcmV0\"}", "the certificate itself stands where its file is named; put it into a file beside the stack file, and name that file")]
    [InlineData("tls: {certificate: web.pem, key: \"c2Vj\\ncmV0\"}", "the private key itself stands where its file is named; put it into a file beside the stack file, and name that file")]
    [InlineData("tls: {key: web.key}", "`certificate` is missing; name the PEM file that holds the certificate and its chain")]
    public void Pasted_key_is_not_repeated(string tls, string expected)
    {
        var made = TestCertificate.Elliptic("a");
        var said = Said(Load($"services:\n  web:\n    image: a\n    x-orchestrator:\n      route: {{host: a, {tls}}}\n", ("web.pem", made.Pem), ("web.key", made.Key)));

        Assert.EndsWith(expected, said, StringComparison.Ordinal);
        Assert.DoesNotContain("c2Vj", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other.example", 90, "stack.yaml:4:36: services.web.x-orchestrator.route.host: the certificate is not for shop.example: it is for other.example; clients will refuse it; use one with that name")]
    [InlineData("*.shop.example", 90, "stack.yaml:4:36: services.web.x-orchestrator.route.host: the certificate is not for shop.example: it is for *.shop.example; clients will refuse it; use one with that name")]
    [InlineData("", 90, "stack.yaml:4:36: services.web.x-orchestrator.route.host: the certificate is not for shop.example: it holds no DNS name; clients will refuse it; use one with that name")]
    [InlineData("*.example", 10, "stack.yaml:4:69: services.web.x-orchestrator.route.tls.certificate: the certificate ends on 2030-01-11, in 10 days; renew it")]
    [InlineData("SHOP.example", 14, "")]
    public void Certificate_that_clients_will_soon_refuse_is_warned_of(string name, int days, string expected)
    {
        var made = TestCertificate.Elliptic(TestCertificate.Now.AddDays(days), name.Length == 0 ? [] : [name]);
        var result = Load(Routed, ("web.pem", made.Pem), ("web.key", made.Key));

        StackFiles.Good(result);
        Assert.Equal(expected, Said(result));
    }

    [Fact]
    public void Certificate_of_the_future_is_warned_of()
    {
        var made = TestCertificate.Elliptic(TestCertificate.Now.AddDays(1), TestCertificate.Now.AddDays(90), "shop.example");

        Assert.Equal(
            "stack.yaml:4:69: services.web.x-orchestrator.route.tls.certificate: the certificate begins only on 2030-01-02; clients refuse it until then; check this machine's clock",
            Said(Load(Routed, ("web.pem", made.Pem), ("web.key", made.Key))));
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
