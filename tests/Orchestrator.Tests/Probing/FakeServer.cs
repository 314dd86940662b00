using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

/// <summary>Answers probes as the test says, at once unless told otherwise.</summary>
internal sealed class FakeServer : IProbeTransport
{
    private static readonly ProbeAnswer _ok = new(200, null, "web.1@h1");

    /// <summary>URL, on a new connection, until when → the answer.</summary>
    public Func<Uri, bool, CancellationToken, Task<ProbeAnswer>> OnRequest { get; set; } = (_, _, _) => Task.FromResult(_ok);

    public List<(Uri Url, bool NewConnection)> Requests { get; } = [];

    public bool IsDisposed { get; private set; }

    public void Answers(int status) => OnRequest = (_, _, _) => Task.FromResult(new ProbeAnswer(status, null));

    public void Refuses() => OnRequest = (_, _, _) => Task.FromResult(new ProbeAnswer(null, "connection refused"));

    public void Recovers() => OnRequest = (_, _, _) => Task.FromResult(_ok);

    /// <summary>Never answers: only the timeout ends a request.</summary>
    public void Stalls() => OnRequest = async (_, _, cancellation) =>
    {
        // Cancelled on the spot, where a delay would go on elsewhere while the test's time passes.
        var never = new TaskCompletionSource<ProbeAnswer>();
        await using var ending = cancellation.Register(() => never.TrySetCanceled(cancellation)).ConfigureAwait(false);
        return await never.Task.ConfigureAwait(false);
    };

    public Task<ProbeAnswer> GetAsync(Uri url, bool newConnection, CancellationToken cancellation)
    {
        lock (Requests)
            Requests.Add((url, newConnection));
        return OnRequest(url, newConnection, cancellation);
    }

    public void Dispose() => IsDisposed = true;
}
