using System.Net;
using System.Net.WebSockets;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Agent.Links;

/// <summary>Dials with the certificate that is in the folder at that moment, so that a renewed one is used from the next link on.</summary>
internal sealed class WebSocketDialer(CredentialFolder folder, LinkOptions options, TimeProvider time, UnderlayAddress? underlay) : ILinkDialer
{
    public async Task<LinkConnection> DialAsync(Uri coordinator, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        var socket = new ClientWebSocket();
        try
        {
            using var credential = folder.Load();
            using var invoker = new HttpMessageInvoker(CoordinatorTransport.Create(credential.Authority, credential.Certificate, time), disposeHandler: true);

            // Heartbeats are frames of our own; no pings beside them.
            socket.Options.KeepAliveInterval = Timeout.InfiniteTimeSpan;
            socket.Options.CollectHttpResponseDetails = true;
            var address = new UriBuilder(coordinator) { Scheme = "wss", Path = LinkProtocol.AgentPath }.Uri;
            await socket.ConnectAsync(address, invoker, either.Token);
            if (underlay is not null) await underlay.LearnAsync(coordinator, either.Token);
            return new LinkConnection(socket, options, time);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or TrustException or HttpRequestException or IOException)
        {
            var reason = socket.HttpStatusCode switch
            {
                HttpStatusCode.Forbidden => "the coordinator refuses this host's certificate; its log says why. Join again: orchestrator-agent join --force",
                HttpStatusCode.ServiceUnavailable or HttpStatusCode.TemporaryRedirect => "it does not lead now",
                0 => e is OperationCanceledException ? "no answer in time" : CoordinatorTransport.Describe(e),
                var other => $"it answers HTTP {(int)other}",
            };
            socket.Dispose();
            throw new LinkClosedException($"{coordinator}: {reason}", e);
        }
    }
}
