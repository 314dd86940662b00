using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Tests.Traffic.Etcd;

/// <summary>A real etcd (package etcd-server) on loopback, in a folder of its own; it can be ended and started again.</summary>
internal sealed class EtcdProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("etcd-").FullName;
    private readonly int _peer = FreePort();
    private Process? _process;

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort()}");

    public EtcdSinkOptions Options => new()
    {
        Endpoints = [Address],
        RequestTimeout = TimeSpan.FromSeconds(3),
        RetryMin = TimeSpan.FromMilliseconds(50),
        RetryMax = TimeSpan.FromMilliseconds(200),
    };

    public static async Task<EtcdProcess> StartNewAsync()
    {
        var etcd = new EtcdProcess();
        await etcd.StartAsync();
        return etcd;
    }

    public static Uri Nowhere() => new($"http://127.0.0.1:{FreePort()}");

    public async Task StartAsync()
    {
        var (client, peer) = (Address.ToString().TrimEnd('/'), $"http://127.0.0.1:{_peer}");
        var start = new ProcessStartInfo("etcd") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in new[] { "--data-dir", _folder, "--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}" }) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var bound = new CancellationTokenSource(Patience);
        while (!await AnswersAsync(bound.Token)) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, bound.Token);
    }

    public async Task EndAsync()
    {
        if (_process is not { } process) return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>All keys with their values, as a watcher sees them.</summary>
    public async Task<ImmutableSortedDictionary<string, EtcdValue>> KeysAsync()
    {
        using var client = new HttpEtcd(Options, TimeProvider.System);
        return await client.ListAsync("/", CancellationToken.None);
    }

    public async Task RevokeAsync(long lease)
    {
        using var http = new HttpClient();
        using var content = new StringContent($$"""{"ID":"{{lease}}"}""");
        (await http.PostAsync(new Uri(Address, "/v3/lease/revoke"), content)).EnsureSuccessStatusCode();
    }

    public async Task PostAsync(string method, string json)
    {
        using var http = new HttpClient();
        using var content = new StringContent(json);
        (await http.PostAsync(new Uri(Address, $"/v3/{method}"), content)).EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        try
        {
            using var client = new HttpEtcd(Options, TimeProvider.System);
            await client.ListAsync("/", cancellation);
            return true;
        }
        catch (EtcdException) when (_process is { HasExited: false })
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
