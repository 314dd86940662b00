namespace Orchestrator.Security;

/// <summary>Keeps one client certificate fresh: asked now and then, renews it once its time has come.</summary>
public sealed class CertificateRenewal(CredentialFolder folder, TimeProvider time)
{
    /// <summary>How often a daemon asks. 20 % of a certificate's life, 18 days, remain for failed attempts.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromHours(1);

    /// <summary>True when a new certificate is in place.</summary>
    /// <exception cref="TrustException">It is due, and no coordinator renewed it: the message of the last one tried.</exception>
    public async Task<bool> RenewIfDueAsync(IReadOnlyList<Uri> coordinators, CancellationToken cancellation)
    {
        using var credential = folder.Load();
        if (!RenewalSchedule.IsDue(credential.Certificate, time.GetUtcNow())) return false;

        TrustException? last = null;
        foreach (var coordinator in coordinators)
        {
            try
            {
                var renewed = await JoinClient.RenewAsync(coordinator, credential, time, cancellation);
                folder.Replace(renewed.CertificatePem, renewed.KeyPem);
                return true;
            }
            catch (TrustException e)
            {
                last = e;
            }
        }

        throw last ?? new TrustException(TrustErrorKind.Invalid, "the certificate is due for renewal, and no coordinator's address is known");
    }
}
