using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Agent.Ingress;

/// <summary>A server's words, the same in the file and in <c>add server</c>, which takes nothing over from the backend.</summary>
internal static class ServerLine
{
    /// <summary>
    /// A replica that two checks, one second apart, do not reach takes no more; failed requests bring the checks forward to every quarter of a second. One
    /// check that succeeds brings it back.
    /// </summary>
    private const string Check = "check inter 1s fastinter 250ms fall 2 rise 1 observe layer4 error-limit 3";

    /// <summary>
    /// A server added at run time keeps no idle connection unless told to, and a connection for each request costs three quarters of the throughput.
    /// A second, so that it is let go before the shortest keep-alive times in use (2 s in gunicorn, 5 s in Node) end it at the other side.
    /// </summary>
    private const string Pool = " pool-max-conn 1000 pool-purge-delay 1s";

    public static string For(IngressBackend backend, IngressServer server) => $"{server.Name} {server.Address} id {Number(server.Name)} {Parameters(backend)}";

    public static string Parameters(IngressBackend backend)
    {
        var text = new StringBuilder(Check).Append(Pool);
        text.Append(backend.Kind switch
        {
            BackendKind.Https => " ssl verify none",
            BackendKind.H2c => " proto h2",
            BackendKind.Tcp or BackendKind.Http or BackendKind.Tls => "",
        });
        if (backend.Spec.ProxyProtocol.Send) text.Append(" send-proxy-v2");
        if (backend.Spec.MaxConnections > 0) text.Append(CultureInfo.InvariantCulture, $" maxconn {backend.Spec.MaxConnections}");
        return text.ToString();
    }

    /// <summary>
    /// From the name, so that a client's address leads to the same replica on every host and after every reload. Of 2³⁰ numbers: two replicas of a service
    /// meet once in a hundred million pairs, and then the second is refused until it is replaced.
    /// </summary>
    private static int Number(string name) => 1 + (BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes(name))) & 0x3fff_ffff);
}
