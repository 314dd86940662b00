using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Links;

/// <summary>The coordinator's identity and its judgement of others: authority, server certificate, join tokens, revocations; under the data folder. Safe to call from several threads.</summary>
/// <remarks>Every member throws <see cref="TrustException"/>.</remarks>
public sealed class Trust : IDisposable
{
    private const string ServerName = "server";

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly CertificateAuthority _authority;
    private readonly ImmutableSortedSet<string> _names;
    private readonly TimeProvider _time;
    private ImmutableArray<RevokedName> _revoked;
    private X509Certificate2 _server;
    private SslStreamCertificateContext _serverContext;

    private Trust(string folder, CertificateAuthority authority, IEnumerable<string> names, ITokenStore tokens, TimeProvider time)
    {
        _folder = folder;
        _authority = authority;
        _time = time;
        _names = [.. names.Select(n => n.ToLowerInvariant())];
        Tokens = new JoinTokens(tokens, authority.Digest, time);
        _revoked = LoadRevoked();
        _server = LoadServer() ?? IssueServer();
        _serverContext = ContextOf(_server);
    }

    public X509Certificate2 Authority => _authority.Certificate;

    public string AuthorityPem => _authority.Certificate.ExportCertificatePem();

    public string AuthorityDigest => _authority.Digest;

    public JoinTokens Tokens { get; }

    public static bool Exists(string dataDir) => File.Exists(Path.Combine(FolderOf(dataDir), "ca.key"));

    /// <summary>Makes a new authority. Refused when there is one: every certificate in the fleet hangs on it.</summary>
    /// <param name="names">DNS names and addresses under which agents and clients dial; <see cref="LocalNames"/> are added.</param>
    public static Trust Initialize(string dataDir, IEnumerable<string> names, TimeProvider time)
    {
        if (Exists(dataDir)) throw new TrustException(TrustErrorKind.Conflict, $"{FolderOf(dataDir)} has an authority already: start without --init, or choose another --data-dir");
        var folder = FolderOf(dataDir);
        PrivateFiles.CreateFolder(folder);
        using (var authority = CertificateAuthority.Create(time.GetUtcNow()))
        using (var key = authority.Certificate.GetECDsaPrivateKey()!)
        {
            // The key last: a crash before it leaves no half authority that Exists would report.
            PrivateFiles.Write(Path.Combine(folder, "ca.crt"), authority.Certificate.ExportCertificatePem());
            PrivateFiles.Write(Path.Combine(folder, "ca.key"), key.ExportPkcs8PrivateKeyPem());
        }

        return Open(dataDir, names, time);
    }

    /// <summary>Reads what <see cref="Initialize"/> made; the server certificate is made anew when it is due or does not cover the names.</summary>
    public static Trust Open(string dataDir, IEnumerable<string> names, TimeProvider time, ITokenStore? tokens = null)
    {
        var folder = FolderOf(dataDir);
        if (!Exists(dataDir)) throw new TrustException(TrustErrorKind.Invalid, $"{folder} has no authority: run 'orchestrator serve --init' once");
        try
        {
            PrivateFiles.CreateFolder(folder);
            var authority = CertificateAuthority.Load(File.ReadAllText(Path.Combine(folder, "ca.crt")), File.ReadAllText(Path.Combine(folder, "ca.key")));
            return new Trust(folder, authority, names.Concat(LocalNames), tokens ?? new TokenFile(Path.Combine(folder, "tokens.json")), time);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException or JsonException)
        {
            throw new TrustException(TrustErrorKind.Invalid, $"the authority in {folder} cannot be used: {e.Message}. Restore the folder from a backup.", e);
        }
    }

    /// <summary>Under which the coordinator's own host dials.</summary>
    public static IEnumerable<string> LocalNames => ["localhost", "127.0.0.1", "::1", Environment.MachineName.ToLowerInvariant()];

    /// <summary>What the next handshake shows. Renews the certificate when it is due; so there is no timer that could have stopped.</summary>
    public SslStreamCertificateContext ServerContext()
    {
        lock (_lock)
        {
            if (!RenewalSchedule.IsDue(_server, _time.GetUtcNow())) return _serverContext;
            _server = IssueServer();
            return _serverContext = ContextOf(_server);
        }
    }

    /// <summary>A certificate made on this host for use on this host: the first operator's, written by <c>serve --init</c>. Others join with a token, so that their keys stay with them.</summary>
    public Joined IssueLocal(string name, CertificateRole role, ImmutableArray<string> coordinators)
    {
        var request = SigningRequest.Create(name);
        var identity = new CertificateIdentity(Checked(name), role);
        return new Joined(AuthorityPem, _authority.SignClient(request.Pem, identity, _time.GetUtcNow()), request.KeyPem, identity, coordinators);
    }

    public Joined IssueOperator(string name, ImmutableArray<string> coordinators) => IssueLocal(name, CertificateRole.Operator, coordinators);

    /// <param name="role">agent, operator or viewer.</param>
    public JoinToken CreateToken(string role, TimeSpan lifetime, int uses = 1) =>
        CertificateIdentity.TryParseRole(role, out var parsed)
            ? Tokens.Create(parsed, lifetime, uses)
            : throw new TrustException(TrustErrorKind.Invalid, $"'{role}' is no role: agent, operator or viewer");

    /// <returns>The certificate as PEM, and whom it names.</returns>
    public (string CertificatePem, CertificateIdentity Identity) Join(JoinRequest request)
    {
        Checked(request.Name);

        // A request that cannot be signed must not use up the token: it is signed for nobody first.
        var now = _time.GetUtcNow();
        _ = _authority.SignClient(request.CertificateRequest, new CertificateIdentity("unnamed", CertificateRole.Viewer), now);
        var identity = new CertificateIdentity(request.Name, Tokens.Redeem(request.TokenId, request.Secret));
        return (_authority.SignClient(request.CertificateRequest, identity, now), identity);
    }

    public string Renew(CertificateIdentity identity, RenewRequest request) =>
        _authority.SignClient(request.CertificateRequest, identity, _time.GetUtcNow());

    /// <summary>Who shows this certificate.</summary>
    /// <exception cref="TrustException">Denied, with the reason for the one who is refused.</exception>
    public CertificateIdentity Authenticate(X509Certificate2? certificate)
    {
        if (certificate is null) throw new TrustException(TrustErrorKind.Denied, "no client certificate was shown: join with a token first");
        if (CertificateVerifier.Explain(certificate, Authority, CertificatePurpose.Client, _time.GetUtcNow()) is { } reason)
        {
            throw new TrustException(TrustErrorKind.Denied, $"the client certificate {reason}. Join again with a new token.");
        }

        var identity = CertificateIdentity.From(certificate)
            ?? throw new TrustException(TrustErrorKind.Denied, $"the client certificate's subject '{certificate.Subject}' names no role");
        var issued = new DateTimeOffset(certificate.NotBefore) + CertificateAuthority.ClockSkew;
        foreach (var revoked in _revoked)
        {
            if (revoked.Name == identity.Name && revoked.Role == identity.Role && issued <= revoked.At)
            {
                throw new TrustException(TrustErrorKind.Denied, $"the certificate of {identity} was revoked. Join again with a new token.");
            }
        }

        return identity;
    }

    /// <summary>Refuses what was issued to this identity so far.</summary>
    public void Revoke(CertificateIdentity identity)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();

            // Older entries serve no purpose once every certificate they refuse has expired.
            var kept = _revoked.RemoveAll(r => (r.Name == identity.Name && r.Role == identity.Role) || r.At + CertificateAuthority.LeafLife < now);
            _revoked = kept.Add(new RevokedName(identity.Name, identity.Role, now));
            PrivateFiles.Write(RevokedFile, JsonSerializer.Serialize(_revoked, SecurityJson.Default.ImmutableArrayRevokedName));
        }
    }

    public void Dispose()
    {
        _server.Dispose();
        _authority.Dispose();
    }

    private string RevokedFile => Path.Combine(_folder, "revoked.json");

    private static string FolderOf(string dataDir) => Path.Combine(dataDir, "trust");

    private static string Checked(string name) => CertificateIdentity.IsValidName(name)
        ? name
        : throw new TrustException(TrustErrorKind.Invalid, $"'{name}' is no name: use 1 to {CertificateIdentity.NameLengthMax} of a-z, 0-9, '.', '-' and '_', with a letter or digit at both ends");

    private static SslStreamCertificateContext ContextOf(X509Certificate2 certificate) =>
        SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);

    private ImmutableArray<RevokedName> LoadRevoked() => File.Exists(RevokedFile)
        ? JsonSerializer.Deserialize(File.ReadAllText(RevokedFile), SecurityJson.Default.ImmutableArrayRevokedName)
        : [];

    private X509Certificate2? LoadServer()
    {
        var folder = new CredentialFolder(_folder, ServerName);
        if (!folder.Exists) return null;
        Credential credential;
        try
        {
            credential = folder.Load();
        }
        catch (TrustException)
        {
            // Whatever is wrong with it, the authority is here to make a new one.
            return null;
        }

        var certificate = credential.Certificate;
        var now = _time.GetUtcNow();
        var fits = CertificateVerifier.Explain(certificate, Authority, CertificatePurpose.Server, now) is null
            && !RenewalSchedule.IsDue(certificate, now)
            && _names.IsSubsetOf(NamesOf(certificate));
        if (fits) return certificate;
        credential.Dispose();
        return null;
    }

    private X509Certificate2 IssueServer()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = _authority.IssueServer(key, "coordinator", _names, _time.GetUtcNow());
        new CredentialFolder(_folder, ServerName).Replace(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    private static IEnumerable<string> NamesOf(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())));
}
