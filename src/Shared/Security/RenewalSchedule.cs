using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Security;

/// <summary>When a certificate renews itself: between 50 and 80 % of its life.</summary>
public static class RenewalSchedule
{
    private const double Earliest = 0.5;
    private const double Latest = 0.8;

    /// <summary>Drawn from the certificate's own hash: spread over a fleet, so that hosts that joined together do not renew together, and the same after every restart without being stored.</summary>
    public static DateTimeOffset DueAt(X509Certificate2 certificate)
    {
        var digest = SHA256.HashData(certificate.RawDataMemory.Span);
        var spread = BinaryPrimitives.ReadUInt32LittleEndian(digest) / (double)uint.MaxValue;
        var from = new DateTimeOffset(certificate.NotBefore);
        var life = new DateTimeOffset(certificate.NotAfter) - from;
        return from + (life * (Earliest + ((Latest - Earliest) * spread)));
    }

    public static bool IsDue(X509Certificate2 certificate, DateTimeOffset now) => now >= DueAt(certificate);
}
