using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Engine.Tests;

/// <summary>TLS as Docker's own tools set it up: ca.pem, cert.pem, key.pem in one folder.</summary>
public sealed class EngineTlsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("engine-tls-").FullName;
    private WebApplication _server = null!;
    private string _address = "";

    [Fact]
    public async Task Certificates_of_the_folder_open_the_connection()
    {
        using var client = new EngineClient(EngineAddress.Parse(_address, EngineTls.FromFolder(_folder, verifyServer: true)));

        await client.PingAsync(default);
    }

    [Fact]
    public async Task Server_of_another_authority_is_refused()
    {
        using var client = new EngineClient(EngineAddress.Parse(_address, EngineTls.FromFolder(_folder, verifyServer: true) with { CaFile = null }));

        var error = await Assert.ThrowsAsync<EngineException>(() => client.PingAsync(default));

        Assert.Contains("TLS failed", error.Message, StringComparison.Ordinal);
        Assert.Contains("check DOCKER_CERT_PATH", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_is_not_verified_when_the_user_says_so()
    {
        using var client = new EngineClient(EngineAddress.Parse(_address, EngineTls.FromFolder(_folder, verifyServer: false) with { CaFile = null }));

        await client.PingAsync(default);
    }

    [Fact]
    public async Task Plain_connection_to_a_secure_port_fails()
    {
        using var client = new EngineClient(EngineAddress.Parse(_address));

        Assert.Equal(EngineErrorKind.Temporary, (await Assert.ThrowsAsync<EngineException>(() => client.PingAsync(default))).Kind);
    }

    public async Task InitializeAsync()
    {
        using var authority = Certificate("test authority", null);
        using var server = Certificate("localhost", authority);
        using var user = Certificate("user", authority);
        File.WriteAllText(Path.Combine(_folder, "ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "cert.pem"), user.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "key.pem"), user.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var identity = X509CertificateLoader.LoadPkcs12(server.Export(X509ContentType.Pkcs12), null);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = identity;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            var issuer = authority.SubjectName.Name;
            https.ClientCertificateValidation = (certificate, _, _) => certificate.Issuer == issuer;
        })));
        _server = builder.Build();
        _server.Run(context =>
        {
            context.Response.Headers["Api-Version"] = "1.41";
            return Task.CompletedTask;
        });
        await _server.StartAsync();
        var bound = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        _address = "tcp://localhost:" + new Uri(bound).Port;
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 Certificate(string name, X509Certificate2? issuer)
    {
        var (from, until) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null, false, 0, critical: true));
        if (issuer is null) return request.CreateSelfSigned(from, until);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(issuer, from, until, Guid.Empty.ToByteArray()[..8].Concat(System.Text.Encoding.ASCII.GetBytes(name)[..4]).ToArray());
        return certificate.CopyWithPrivateKey(key);
    }
}
