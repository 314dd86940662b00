using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Orchestrator.Engine.Fakes;

public sealed partial class FakeEngine
{
    public async IAsyncEnumerable<LogLine> LogsAsync(string container, LogsRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (past, follower) = await CallAsync(container, () => OpenLog(Find(container), request), cancellation);
        foreach (var (at, line) in past) yield return Stamp(request, at, line);
        if (follower is null) yield break;
        try
        {
            while (true)
            {
                var (has, line) = await follower.NextAsync(cancellation);
                if (!has) yield break;
                yield return Stamp(request, _time.GetUtcNow(), line);
            }
        }
        finally
        {
            Locked(() =>
            {
                foreach (var one in _containers) one.Followers.Remove(follower);
                return true;
            });
        }
    }

    public Task<ExecResult> ExecAsync(string container, ExecRequest request, int outputBytesMax, CancellationToken cancellation) => CallAsync(container, () =>
    {
        var found = Find(container);
        if (!found.IsRunning) throw Refuse(409, $"Container {found.Id} is not running");
        var command = string.Join(' ', request.Command);
        Emit(found, "exec_create: " + command);
        Emit(found, "exec_start: " + command);
        var result = found.Image.Exec?.Invoke(found, request) ?? RunExec(found, request);
        Emit(found, "exec_die", ("exitCode", Code(result.ExitCode)));
        var output = Encoding.UTF8.GetBytes(result.Output);
        return output.Length <= outputBytesMax ? result : result with { Output = Encoding.UTF8.GetString(output, 0, outputBytesMax) };
    }, cancellation);

    private ExecResult RunExec(FakeContainer container, ExecRequest request)
    {
        IReadOnlyList<string> probe = container.Healthcheck?.Test switch
        {
            ["CMD-SHELL", var text] => ["/bin/sh", "-c", text],
            ["CMD", ..] arguments => [.. arguments.Skip(1)],
            _ => [],
        };
        if (probe.Count == 0 || !probe.SequenceEqual(request.Command)) return new ExecResult(0, "");
        return new ExecResult(container.IsHealthy(_time) ? 0 : 1, container.Image.ProbeOutput);
    }

    private (IReadOnlyList<(DateTimeOffset At, LogLine Line)> Past, FakeQueue<LogLine>? Follower) OpenLog(FakeContainer container, LogsRequest request)
    {
        var past = container.Log.Where(entry => request.Since is not { } since || entry.At >= since).ToList();
        if (request.Tail is { } tail && tail < past.Count) past.RemoveRange(0, past.Count - tail);
        if (!request.Follow || container.Status is not ("running" or "restarting")) return (past, null);
        var follower = new FakeQueue<LogLine>(Later);
        container.Followers.Add(follower);
        return (past, follower);
    }

    private static LogLine Stamp(LogsRequest request, DateTimeOffset at, LogLine line) =>
        request.Timestamps ? line with { Text = at.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture) + " " + line.Text } : line;
}
