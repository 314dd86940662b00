using System.Text;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

public sealed partial class EngineClient
{
    /// <summary>Between two looks at an exec whose output has ended but whose exit code is not in yet.</summary>
    private static readonly TimeSpan ExitCodeInterval = TimeSpan.FromMilliseconds(20);

    public async Task<ExecResult> ExecAsync(string container, ExecRequest request, int outputBytesMax, CancellationToken cancellation)
    {
        var create = new ExecJson.Create { Cmd = request.Command, User = request.User, WorkingDir = request.WorkingDir, Env = request.Env is [] ? null : request.Env };
        var createCall = EngineCall.Post(ContainerPath(container, "exec"), EngineHttp.Json(create, EngineJson.Default.ExecCreate)) with { Timeout = _timeouts.Change };
        var exec = (await _http.ReadAsync(createCall, EngineJson.Default.IdAnswer, cancellation)).Id;
        var output = await RunExecAsync(exec, outputBytesMax, cancellation);
        return new ExecResult(await ExitCodeAsync(exec, cancellation), output);
    }

    private async Task<string> RunExecAsync(string exec, int outputBytesMax, CancellationToken cancellation)
    {
        var call = EngineCall.Post($"/exec/{exec}/start", EngineHttp.Json(new ExecJson.Start(Detach: false, Tty: false), EngineJson.Default.ExecStart)) with { Timeout = _timeouts.Change, Upgrade = true };
        using var deadline = new CancellationTokenSource(_timeouts.Exec, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            await using var stream = await _http.OpenAsync(call, idle: null, either.Token);
            using var kept = new MemoryStream();
            await foreach (var (_, bytes) in OutputAsync(call, stream, tty: false, either.Token))
            {
                // What is dropped is still read, or the command would block on its output.
                kept.Write(bytes.Span[..(int)Math.Min(bytes.Length, outputBytesMax - kept.Length)]);
            }

            return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new EngineException(EngineErrorKind.Temporary, 200, "POST", call.Path, $"the command still ran after {_timeouts.Exec.TotalSeconds:0.#} s; it goes on in the container", Address, e);
        }
    }

    private async Task<int> ExitCodeAsync(string exec, CancellationToken cancellation)
    {
        var path = $"/exec/{exec}/json";
        var until = _time.GetUtcNow() + _timeouts.ExecExitCode;
        while (true)
        {
            var details = await QueryAsync(path, EngineJson.Default.ExecDetails, cancellation);
            if (details is { Running: false, ExitCode: { } code }) return code;
            if (_time.GetUtcNow() >= until)
            {
                throw new EngineException(EngineErrorKind.Temporary, 200, "GET", path, "the command's output ended, and the engine reports no exit code", Address);
            }

            await Task.Delay(ExitCodeInterval, _time, cancellation);
        }
    }
}
