using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Protocol;

namespace Orchestrator.Security;

/// <summary>What joining yields; the caller stores it.</summary>
/// <param name="KeyPem">Secret.</param>
public sealed record Joined(string AuthorityPem, string CertificatePem, string KeyPem, CertificateIdentity Identity, ImmutableArray<string> Coordinators)
{
    public override string ToString() => $"joined as {Identity}";
}

/// <summary>Joins a fleet, and renews what joining gave.</summary>
public static class JoinClient
{
    /// <summary>Each of the two questions; a coordinator signs within milliseconds.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Asks for the authority's certificate, compares it with the token's digest, and only then, over a connection verified by it, sends the secret and the request.</summary>
    /// <exception cref="TrustException">Unreachable, another authority, or the token is not accepted.</exception>
    public static async Task<Joined> JoinAsync(Uri coordinator, JoinToken token, string name, TimeProvider time, CancellationToken cancellation)
    {
        if (!CertificateIdentity.IsValidName(name))
        {
            throw new TrustException(TrustErrorKind.Invalid, $"'{name}' is no name: use 1 to {CertificateIdentity.NameLengthMax} of a-z, 0-9, '.', '-' and '_', with a letter or digit at both ends (--name)");
        }

        var authorityPem = await FetchAuthorityAsync(coordinator, token.AuthorityDigest, cancellation);
        using var authority = X509Certificate2.CreateFromPem(authorityPem);
        var request = SigningRequest.Create(name);
        var body = new JoinRequest { TokenId = token.Id, Secret = token.Secret, Name = name, CertificateRequest = request.Pem };
        using var client = ClientOf(CoordinatorTransport.Create(authority, certificate: null, time), coordinator);
        var reply = await PostAsync(client, LinkProtocol.JoinPath, body, LinkJson.Default.JoinRequest, cancellation);
        using var certificate = X509Certificate2.CreateFromPem(reply.Certificate);
        var identity = CertificateIdentity.From(certificate)
            ?? throw new TrustException(TrustErrorKind.Invalid, $"{coordinator} answered with a certificate for '{certificate.Subject}', which names no role");
        return new Joined(authorityPem, reply.Certificate, request.KeyPem, identity, reply.Coordinators);
    }

    /// <summary>A new key and certificate for the same identity, over a connection that shows the old one.</summary>
    /// <exception cref="TrustException">Unreachable or refused.</exception>
    public static async Task<Joined> RenewAsync(Uri coordinator, Credential credential, TimeProvider time, CancellationToken cancellation)
    {
        var request = SigningRequest.Create(credential.Identity.Name);
        using var client = ClientOf(CoordinatorTransport.Create(credential.Authority, credential.Certificate, time), coordinator);
        var reply = await PostAsync(client, LinkProtocol.RenewPath, new RenewRequest { CertificateRequest = request.Pem }, LinkJson.Default.RenewRequest, cancellation);
        return new Joined(credential.Authority.ExportCertificatePem(), reply.Certificate, request.KeyPem, credential.Identity, reply.Coordinators);
    }

    private static async Task<string> FetchAuthorityAsync(Uri coordinator, string digest, CancellationToken cancellation)
    {
        using var client = ClientOf(CoordinatorTransport.CreateUnverified(), coordinator);
        client.MaxResponseContentBufferSize = LinkProtocol.TrustMessageBytesMax;
        string pem;
        try
        {
            pem = await client.GetStringAsync(new Uri(LinkProtocol.AuthorityPath, UriKind.Relative), cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            throw new TrustException(TrustErrorKind.Unreachable, $"{coordinator} cannot be asked for its authority: {CoordinatorTransport.Describe(e)}", e);
        }

        var actual = DigestOf(pem, coordinator);
        if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(actual), Encoding.ASCII.GetBytes(digest))) return pem;
        throw new TrustException(TrustErrorKind.Denied, $"{coordinator} is not the coordinator that made this token: its authority has the digest {actual}, the token names {digest}. Nothing secret was sent. Compare the address, or make a new token there.");
    }

    private static string DigestOf(string pem, Uri coordinator)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            return CertificateAuthority.DigestOf(certificate);
        }
        catch (CryptographicException e)
        {
            throw new TrustException(TrustErrorKind.Denied, $"{coordinator} does not answer as a coordinator does: {e.Message}", e);
        }
    }

    private static async Task<CertificateReply> PostAsync<T>(HttpClient client, string path, T body, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            using var answer = await client.PostAsJsonAsync(path, body, type, cancellation);
            if (answer.IsSuccessStatusCode)
            {
                return await answer.Content.ReadFromJsonAsync(LinkJson.Default.CertificateReply, cancellation)
                    ?? throw new TrustException(TrustErrorKind.Invalid, $"{client.BaseAddress} answered {path} with nothing");
            }

            var detail = await ReadProblemAsync(answer, cancellation);
            throw new TrustException((int)answer.StatusCode < 500 ? TrustErrorKind.Denied : TrustErrorKind.Unreachable, $"{client.BaseAddress} refuses: {detail}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or JsonException && !cancellation.IsCancellationRequested)
        {
            var kind = CoordinatorTransport.IsTrustFailure(e) ? TrustErrorKind.Denied : TrustErrorKind.Unreachable;
            throw new TrustException(kind, $"{client.BaseAddress}: {CoordinatorTransport.Describe(e)}", e);
        }
    }

    private static async Task<string> ReadProblemAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.Content.Headers.ContentType?.MediaType != LinkProblem.ContentType) return $"HTTP {(int)answer.StatusCode}";
        var problem = await answer.Content.ReadFromJsonAsync(LinkJson.Default.LinkProblem, cancellation);
        return problem?.Detail ?? $"HTTP {(int)answer.StatusCode}";
    }

    private static HttpClient ClientOf(SocketsHttpHandler handler, Uri coordinator) =>
        new(handler, disposeHandler: true) { BaseAddress = coordinator, Timeout = AnswerTimeout };
}
