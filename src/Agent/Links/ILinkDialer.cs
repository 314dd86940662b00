using Orchestrator.Protocol;

namespace Orchestrator.Agent.Links;

/// <summary>Opens the socket of a link; the handshake of frames is the caller's.</summary>
internal interface ILinkDialer
{
    /// <exception cref="LinkClosedException">Not reached, or refused; the message says why.</exception>
    Task<LinkConnection> DialAsync(Uri coordinator, CancellationToken cancellation);
}
