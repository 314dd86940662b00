using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Orchestrator.Probing;

/// <summary>GET over HTTP/1.1, straight to the server: no proxy, no cookies, redirects not followed.</summary>
/// <remarks>As every client with a connection pool does, the runtime sends a request again when the server closed the kept-alive connection before the first byte of an answer; such a request has not failed. It would do the same three times over on new connections, which would hide what other clients see: a request gets one new connection and no second.</remarks>
public sealed class HttpProbeTransport : IProbeTransport
{
    /// <summary>Of an answer this much is read: a cut within it is a failure. More would make the probe the load.</summary>
    private const int BodyMax = 1 << 20;

    private const int NameLengthMax = 100;

    private const string ClosedEarly = "the connection was closed before the answer was complete";

    /// <summary>The first of these that an answer has tells who answered.</summary>
    private static readonly string[] _answeredBy = ["X-Orchestrator-Replica", "X-Served-By"];

    private static readonly HttpRequestOptionsKey<bool> _hasConnected = new("orchestrator-probe-connected");

    private readonly HttpMessageInvoker _reusing;
    private readonly HttpMessageInvoker _connecting;

    public HttpProbeTransport(ProbeOptions options)
    {
        _reusing = Create(options, Timeout.InfiniteTimeSpan);
        _connecting = Create(options, TimeSpan.Zero);
    }

    public async Task<ProbeAnswer> GetAsync(Uri url, bool newConnection, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.UserAgent.ParseAdd("orchestrator-probe");
        try
        {
            using var response = await (newConnection ? _connecting : _reusing).SendAsync(request, cancellation).ConfigureAwait(false);
            await ReadAsync(response.Content, cancellation).ConfigureAwait(false);
            return new ProbeAnswer((int)response.StatusCode, null, AnsweredBy(response));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ProbeAnswer(null, Describe(e));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The handler's own bound on connecting, which also ends attempts whose request has been given up.
            return new ProbeAnswer(null, "connecting timed out");
        }
    }

    public void Dispose()
    {
        _reusing.Dispose();
        _connecting.Dispose();
    }

    private static HttpMessageInvoker Create(ProbeOptions options, TimeSpan connectionLifetime)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = options.Timeout,
            PooledConnectionLifetime = connectionLifetime,
            ConnectCallback = ConnectAsync,
        };
#pragma warning disable CA5359 // --probe-insecure: who probes has said that the certificate is not to be judged; nothing but a GET without credentials is sent.
        if (options.Insecure)
            handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true };
#pragma warning restore CA5359
        return new HttpMessageInvoker(handler, disposeHandler: true);
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var options = context.InitialRequestMessage.Options;
        if (options.TryGetValue(_hasConnected, out _))
            throw new IOException(ClosedEarly);
        options.Set(_hasConnected, true);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        using var body = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[16 * 1024];
        for (var total = 0; total < BodyMax;)
        {
            var read = await body.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (read == 0)
                return;
            total += read;
        }
    }

    private static string? AnsweredBy(HttpResponseMessage response)
    {
        foreach (var header in _answeredBy)
        {
            if (response.Headers.TryGetValues(header, out var values) && values.FirstOrDefault() is { Length: > 0 } name)
                return name.Length > NameLengthMax ? name[..NameLengthMax] : name;
        }

        return null;
    }

    private static string Describe(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException socket: return Words(socket);
                case AuthenticationException tls: return $"the TLS handshake failed: {tls.Message}";
                case HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded }:
                    return ClosedEarly;
                case HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } or HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return "the answer is not HTTP";
            }
        }

        return exception.GetBaseException().Message;
    }

    private static string Words(SocketException socket) => socket.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset => "connection reset",
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "the host's name does not resolve",
        SocketError.TimedOut => "connecting timed out",
        _ => socket.Message,
    };
}
