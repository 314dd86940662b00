using System.Security.Authentication;

namespace Orchestrator.Security;

/// <summary>We do not accept the server; the message says why.</summary>
public sealed class ServerCertificateException(string message) : AuthenticationException(message);
