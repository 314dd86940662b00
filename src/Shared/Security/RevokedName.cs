namespace Orchestrator.Security;

/// <summary>Certificates of this identity that were issued up to <paramref name="At"/> are refused; one that joins anew afterwards is welcome.</summary>
public sealed record RevokedName(string Name, CertificateRole Role, DateTimeOffset At);
