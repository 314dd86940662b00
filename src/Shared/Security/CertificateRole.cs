namespace Orchestrator.Security;

/// <summary>What the holder of a certificate is, and so what it may do.</summary>
public enum CertificateRole
{
    /// <summary>A server certificate; it opens nothing as a client.</summary>
    Coordinator,

    /// <summary>May open the link of the host it names, and renew itself.</summary>
    Agent,

    /// <summary>May change stacks, hosts and tokens, and read.</summary>
    Operator,

    /// <summary>May read.</summary>
    Viewer,
}
