using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Replicas;

/// <summary>Probes over the network, from the host to the container's own address.</summary>
public sealed class NetworkReadyProbe : IReadyProbe, IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null }) { Timeout = Timeout.InfiniteTimeSpan };

    public async Task<string?> TryAsync(string address, ReadySpec ready, CancellationToken cancellation)
    {
        try
        {
            return ready.HttpPath is { } path ? await HttpAsync(address, ready.Port, path, cancellation) : await TcpAsync(address, ready.Port, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException)
        {
            return e.Message;
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<string?> TcpAsync(string address, int port, CancellationToken cancellation)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, port, cancellation);
        return null;
    }

    private async Task<string?> HttpAsync(string address, int port, string path, CancellationToken cancellation)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
        var uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}{(path.StartsWith('/') ? "" : "/")}{path}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.ConnectionClose = true;
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("orchestrator-agent", null));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return (int)response.StatusCode is >= 200 and < 400 ? null : string.Create(CultureInfo.InvariantCulture, $"GET {path} answered {(int)response.StatusCode}");
    }
}
