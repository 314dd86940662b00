using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>Clients that ask without a pause, half of them on a new connection each time, and keep what failed.</summary>
internal sealed class TestLoad : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _failures = [];
    private readonly CancellationTokenSource _end = new();
    private readonly ImmutableArray<Task> _clients;
    private long _answers;

    public TestLoad(string url, int clients) => _clients = [.. Enumerable.Range(0, clients).Select(number => AskAsync(new Uri(url), keepsAlive: number % 2 == 0))];

    /// <summary>Returns once so many more requests have been answered.</summary>
    public async Task MoreAsync(int requests)
    {
        var goal = Interlocked.Read(ref _answers) + requests;
        while (Interlocked.Read(ref _answers) < goal && _failures.IsEmpty) await Task.Yield();
    }

    public async Task<ImmutableArray<string>> EndAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_clients);
        return [.. _failures.Take(5)];
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _end.Dispose();
    }

    private async Task AskAsync(Uri url, bool keepsAlive)
    {
        await Task.Yield();
        using var http = new HttpClient();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                request.Headers.ConnectionClose = !keepsAlive;
                using var answer = await http.SendAsync(request, CancellationToken.None);
                if (!answer.IsSuccessStatusCode) _failures.Enqueue($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }
            catch (HttpRequestException e)
            {
                _failures.Enqueue(e.ToString());
            }

            Interlocked.Increment(ref _answers);
        }
    }
}
