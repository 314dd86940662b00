using System.Diagnostics;
using System.Text;

namespace Orchestrator.Fleet.Testbed;

/// <summary>Runs one program to its end, or starts it and lets the test do something meanwhile.</summary>
public sealed class Command : IDisposable
{
    /// <summary>Past any deploy a scenario runs on purpose, and short of the runner's own hang limit.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    private readonly Process _process;
    private readonly string _commandLine;
    private readonly Task<string> _output;
    private readonly Task<string> _error;
    private readonly StringBuilder _seen = new();

    private Command(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
        _output = ReadAsync(process.StandardOutput);
        _error = ReadAsync(process.StandardError);
    }

    /// <summary>Both streams as far as they have come.</summary>
    public string Seen
    {
        get { lock (_seen) return _seen.ToString(); }
    }

    public static Command Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var commandLine = string.Join(' ', start.ArgumentList.Prepend(program));
        var process = Process.Start(start) ?? throw new InvalidOperationException($"could not start: {commandLine}");
        process.StandardInput.Close();
        return new Command(process, commandLine);
    }

    public static async Task<CommandResult> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, TimeSpan? timeout = null)
    {
        using var command = Start(program, arguments, environment);
        return await command.EndAsync(timeout);
    }

    /// <summary>Waits for its end. Past <paramref name="timeout"/> (<see cref="DefaultTimeout"/>) it is killed and the test fails with what it had said.</summary>
    public async Task<CommandResult> EndAsync(TimeSpan? timeout = null)
    {
        var limit = timeout ?? DefaultTimeout;
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit);
            return new CommandResult(_commandLine, _process.ExitCode, await _output.WaitAsync(limit), await _error.WaitAsync(limit));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"after {limit.TotalSeconds:0} s this has not ended: {_commandLine}\n--- it has said\n{Seen}");
        }
    }

    /// <summary>SIGKILL, as a crash would.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private async Task<string> ReadAsync(StreamReader reader)
    {
        var all = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            all.AppendLine(line);
            lock (_seen) _seen.AppendLine(line);
        }
        return all.ToString();
    }
}
