using System.Net;
using System.Text;

namespace Orchestrator.Load.Generating;

/// <summary>A base URL under load, such as an ingress: plain HTTP, resolved once.</summary>
public sealed record Target(string Url, IPEndPoint EndPoint, string Authority, string Path)
{
    /// <exception cref="UsageException">Not an http URL, or its name does not resolve.</exception>
    public static Target Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != "http")
            throw new UsageException($"'{url}' is not a URL to load; give one such as http://10.77.0.1:8080");
        try
        {
            var address = IPAddress.TryParse(uri.Host, out var literal) ? literal : Dns.GetHostAddresses(uri.Host)[0];
            return new Target(url.TrimEnd('/'), new IPEndPoint(address, uri.Port), uri.Authority, uri.PathAndQuery);
        }
        catch (System.Net.Sockets.SocketException unknown)
        {
            throw new UsageException($"the host of {url} cannot be resolved: {unknown.Message}");
        }
    }

    public ReadOnlyMemory<byte> Request(string path, bool keepAlive, string more = "") =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {Authority}\r\n{(keepAlive ? "" : "Connection: close\r\n")}{more}\r\n");
}
