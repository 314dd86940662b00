using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>TLS 1.3 to a coordinator: our authority alone is believed, the server's name is checked, and a refusal says why.</summary>
public static class CoordinatorTransport
{
    /// <summary>A host that does not answer a SYN within it is taken as unreachable and the next address is tried.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>From a follower to the leader, and once more while leadership changes hands.</summary>
    private const int RedirectsMax = 3;

    /// <param name="certificate">With private key; null to show none (joining).</param>
    public static SocketsHttpHandler Create(X509Certificate2 authority, X509Certificate2? certificate, TimeProvider time)
    {
        var tls = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, presented, _, errors) => Accept(presented, errors, authority, time),
        };
        if (certificate is not null)
        {
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        return Create(tls);
    }

    /// <summary>For the one question that may be asked of a stranger: its authority's certificate, which is then compared with a digest known beforehand. Nothing secret goes over it.</summary>
    public static SocketsHttpHandler CreateUnverified() => Create(new SslClientAuthenticationOptions
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // The digest in the join token judges the answer; see JoinClient.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
    });

    /// <summary>The reason within what HttpClient or ClientWebSocket threw, in words.</summary>
    public static string Describe(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case ServerCertificateException refused: return refused.Message;
                case TaskCanceledException or TimeoutException: return "no answer in time";
                case System.Net.Sockets.SocketException socket: return socket.Message;
                case AuthenticationException tls when e.InnerException is null or CryptographicException: return $"the TLS handshake failed: {tls.Message}";
            }
        }

        return exception.GetBaseException().Message;
    }

    /// <summary>True when the server was reached and refused by us, or refused us, in the handshake: another address may be tried, another attempt is of no use.</summary>
    public static bool IsTrustFailure(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e is AuthenticationException) return true;
        }

        return false;
    }

    private static SocketsHttpHandler Create(SslClientAuthenticationOptions tls) => new()
    {
        SslOptions = tls,
        ConnectTimeout = ConnectTimeout,
        UseCookies = false,

        // The fleet's port is dialled directly: a proxy that breaks TLS open would be refused by the digest anyway.
        UseProxy = false,
        MaxAutomaticRedirections = RedirectsMax,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    };

    private static bool Accept(X509Certificate? presented, SslPolicyErrors errors, X509Certificate2 authority, TimeProvider time)
    {
        if (presented is not X509Certificate2 certificate) throw new ServerCertificateException("the server shows no certificate");
        if (CertificateVerifier.Explain(certificate, authority, CertificatePurpose.Server, time.GetUtcNow()) is { } reason)
        {
            throw new ServerCertificateException($"the server's certificate {reason}");
        }

        return (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0
            ? true
            : throw new ServerCertificateException($"the server's certificate is not for this address; it names {NamesOf(certificate)}. Use one of these, or start the coordinator with --advertise and the address you use");
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())));
        return string.Join(", ", names);
    }
}
