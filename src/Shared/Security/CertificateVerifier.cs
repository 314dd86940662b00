using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

public enum CertificatePurpose
{
    Client,
    Server,
}

/// <summary>Judges a certificate against our authority alone; the system's roots have no say.</summary>
public static class CertificateVerifier
{
    /// <returns>Null when the certificate is good; else why not, as the rest of a sentence that begins with "the certificate".</returns>
    public static string? Explain(X509Certificate2 certificate, X509Certificate2 authority, CertificatePurpose purpose, DateTimeOffset now)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose == CertificatePurpose.Client ? "1.3.6.1.5.5.7.3.2" : "1.3.6.1.5.5.7.3.1"));
        if (chain.Build(certificate)) return null;

        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, s) => flags | s.Status);
        if ((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid)) != 0)
        {
            return $"was signed by another authority ({certificate.Issuer}) than the one trusted here ({authority.Subject}, digest {CertificateAuthority.DigestOf(authority)})";
        }

        if (new DateTimeOffset(certificate.NotAfter) < now) return $"expired on {Date(certificate.NotAfter)}";
        if (new DateTimeOffset(certificate.NotBefore) > now) return $"is valid only from {Date(certificate.NotBefore)}: compare the clocks of both hosts";
        if ((status & X509ChainStatusFlags.NotValidForUsage) != 0) return $"is not one for a {(purpose == CertificatePurpose.Client ? "client" : "server")}";
        return $"is not valid: {string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation.Trim()))}";
    }

    private static string Date(DateTime local) => local.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
