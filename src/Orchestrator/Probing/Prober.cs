namespace Orchestrator.Probing;

/// <summary>Sends requests at a steady rate. The schedule never waits for an answer: a server that stalls shows as latency and failures, not as fewer requests.</summary>
public sealed class Prober(ProbeOptions options, IProbeTransport transport, ProbeClock clock, ProbeRecorder recorder)
{
    /// <summary>Late by more, requests are left out and counted: sent all at once they would measure the burst.</summary>
    private static readonly TimeSpan _catchUpMax = TimeSpan.FromSeconds(1);

    private readonly List<Task> _waiting = [];

    /// <summary>Ends with the last answer after <paramref name="stop"/>, at most <see cref="ProbeOptions.Timeout"/> later.</summary>
    /// <param name="stop">No further requests.</param>
    /// <param name="abort">Nor an end of those under way: they are not recorded.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var period = TimeSpan.FromSeconds(1 / options.Rate);
        for (long number = 0; !stop.IsCancellationRequested; number++)
        {
            var late = clock.Now - (clock.Began + (number * period));
            if (late > _catchUpMax)
            {
                var missed = (long)(late / period);
                recorder.NotSent(missed);
                number += missed;
            }
            else if (late < TimeSpan.Zero && !await WaitAsync(-late, stop).ConfigureAwait(false))
            {
                break;
            }

            Send(number, abort);
        }

        await Task.WhenAll(_waiting).ConfigureAwait(false);
    }

    private void Send(long number, CancellationToken abort)
    {
        var url = (int)(number % options.Urls.Length);
        if (_waiting.Count >= options.WaitingMax)
            _waiting.RemoveAll(t => t.IsCompletedSuccessfully);
        if (_waiting.Count >= options.WaitingMax)
        {
            recorder.Record(new ProbeOutcome(clock.Now, TimeSpan.Zero, url, null, $"too many waiting: {options.WaitingMax} requests were under way", null));
            return;
        }

        var request = AskAsync(url, IsNew(number), abort);
        if (!request.IsCompletedSuccessfully)
            _waiting.Add(request);
    }

    private async Task AskAsync(int url, bool newConnection, CancellationToken abort)
    {
        var at = clock.Now;
        using var limit = new CancellationTokenSource(options.Timeout, clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, abort);
        ProbeAnswer answer;
        try
        {
            answer = await transport.GetAsync(options.Urls[url], newConnection, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            return;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            answer = new ProbeAnswer(null, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"no answer within {options.Timeout.TotalSeconds:0.###} s"));
        }

        var failure = answer.Status is not { } status ? answer.Error : options.Expect.Contains(status) ? null : $"status {status}";
        recorder.Record(new ProbeOutcome(at, clock.Now - at, url, answer.Status, failure, answer.AnsweredBy));
    }

    private bool IsNew(long number) => options.Connections switch
    {
        ProbeConnections.Reuse => false,
        ProbeConnections.New => true,
        ProbeConnections.Mixed => number / options.Urls.Length % 2 == 1,
    };

    private async Task<bool> WaitAsync(TimeSpan wait, CancellationToken stop)
    {
        try
        {
            await Task.Delay(wait, clock.Time, stop).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }
}
