using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Orchestrator.Engine;

/// <summary>Opens one connection to the engine, whatever lies between; HTTP on top of it is plain.</summary>
internal sealed class EngineConnector(EngineAddress address, TimeSpan timeout, TimeProvider time)
{
    /// <summary>A far engine's host may vanish while an event stream is silent: the kernel asks after 15 s, then every 5 s, and gives up after 3 unanswered.</summary>
    private const int KeepAliveSeconds = 15;

    private const int KeepAliveIntervalSeconds = 5;

    private const int KeepAliveRetries = 3;

    /// <exception cref="EngineConnectException">With what is wrong and what to do.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
    {
        // The handler may go on connecting for the next request after this one was cancelled: the bound has to stand here.
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            return address.Transport switch
            {
                EngineTransport.Unix => await ConnectUnixAsync(either.Token),
                EngineTransport.Tcp => await ConnectTcpAsync(either.Token),
                EngineTransport.Ssh => SshStream.Start(address),
                _ => throw new InvalidOperationException($"no such transport: {address.Transport}"),
            };
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new EngineConnectException($"no answer within {timeout.TotalSeconds:0.#} s; check the network, the firewall and DOCKER_HOST", e);
        }
        catch (SocketException e)
        {
            throw new EngineConnectException(Explain(e.SocketErrorCode, e.Message), e);
        }
        catch (AuthenticationException e)
        {
            throw new EngineConnectException($"TLS failed: {e.InnerException?.Message ?? e.Message}; check DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem)", e);
        }
        catch (Exception e) when (e is CryptographicException or UnauthorizedAccessException or FileNotFoundException)
        {
            throw new EngineConnectException($"the TLS files cannot be used: {e.Message}; check DOCKER_CERT_PATH (ca.pem, cert.pem, key.pem)", e);
        }
        catch (IOException e) when (address.Tls is not null)
        {
            throw new EngineConnectException($"TLS failed: {e.Message}; does the engine listen with TLS on this port?", e);
        }
    }

    private async Task<Stream> ConnectUnixAsync(CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        return await ConnectAsync(socket, s => s.ConnectAsync(new UnixDomainSocketEndPoint(address.Path), cancellation));
    }

    private async Task<Stream> ConnectTcpAsync(CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveIntervalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);
        var plain = await ConnectAsync(socket, s => s.ConnectAsync(address.Host, address.Port, cancellation));
        if (address.Tls is not { } tls) return plain;

        var secure = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await secure.AuthenticateAsClientAsync(TlsOptions(tls), cancellation);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private static async Task<Stream> ConnectAsync(Socket socket, Func<Socket, ValueTask> connect)
    {
        try
        {
            await connect(socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private SslClientAuthenticationOptions TlsOptions(EngineTls tls)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = address.Host };
        if (tls.CertificateFile is not null && tls.KeyFile is not null)
        {
            // The key goes through PKCS#12 because an ephemeral PEM key is refused by some TLS stacks.
            using var pem = X509Certificate2.CreateFromPemFile(tls.CertificateFile, tls.KeyFile);
            options.ClientCertificates = [X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null)];
        }

        if (!tls.VerifyServer)
        {
#pragma warning disable CA5359 // DOCKER_CERT_PATH without DOCKER_TLS_VERIFY asks for exactly this, as in Docker's own client.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (tls.CaFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(tls.CaFile);
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            options.CertificateChainPolicy = policy;
        }

        return options;
    }

    private string Explain(SocketError error, string message)
    {
        if (address.Transport == EngineTransport.Unix && error != SocketError.AccessDenied && !File.Exists(address.Path))
        {
            return "no such socket; is Docker installed and running? set DOCKER_HOST if it listens elsewhere";
        }

        return error switch
        {
            SocketError.ConnectionRefused => "connection refused; is it running? set DOCKER_HOST if it listens elsewhere",
            SocketError.AccessDenied => "permission denied; run as root, or join the group of the socket: sudo usermod -aG docker $USER, then log in again",
            SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => $"the name {address.Host} is not known; check DOCKER_HOST and the name servers",
            SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it; check the network and DOCKER_HOST",
            SocketError.TimedOut => "no answer; check the network, the firewall and DOCKER_HOST",
            _ => $"{message}; is it running? set DOCKER_HOST if it listens elsewhere",
        };
    }
}
