using System.Buffers;
using System.Diagnostics;
using System.Text;

namespace Orchestrator.Agent.Templates;

/// <summary>A command line of the user's, run by <c>/bin/sh -c</c> in a process group of its own.</summary>
internal static class ShellCommand
{
    /// <summary>What is kept of its output; the rest is read and dropped, so that it never blocks on a full pipe.</summary>
    private const int OutputBytesMax = 64 * 1024;

    /// <summary>A reload that starts a daemon leaves it holding the pipe: what the shell itself has written is there by then.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromMilliseconds(200);

    /// <summary>A killed process is gone at once, unless the kernel holds it.</summary>
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(5);

    /// <exception cref="ShellCommandException">It could not be started, took longer than <paramref name="timeout"/>, or did not end with 0.</exception>
    public static async Task RunAsync(string what, string command, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var process = Start(what, command);
        using var reading = new CancellationTokenSource();
        var output = new Capture(OutputBytesMax);
        var read = Task.WhenAll(output.ReadAsync(process.StandardOutput.BaseStream, reading.Token), output.ReadAsync(process.StandardError.BaseStream, reading.Token));
        using var bound = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(either.Token);
            await Task.WhenAny(read, Task.Delay(OutputGrace, time, CancellationToken.None));
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            await KillAsync(process, time);
            cancellation.ThrowIfCancellationRequested();
            throw new ShellCommandException($"{what} took longer than {timeout.TotalSeconds:0.#} s and was ended: {command}{output.Quoted()}");
        }
        finally
        {
            await reading.CancelAsync();
        }

        if (process.ExitCode != 0) throw new ShellCommandException($"{what} ended with {process.ExitCode}: {command}{output.Quoted()}");
    }

    private static Process Start(string what, string command)
    {
        // setsid gives it a group that can be killed as a whole; a fresh child leads none yet, so that it takes the command's place and keeps its number.
        var start = new ProcessStartInfo("setsid") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "--wait", "/bin/sh", "-c", command }) start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ShellCommandException($"{what} could not be started: {e.Message} (setsid of util-linux is needed)");
        }
    }

    private static async Task KillAsync(Process process, TimeProvider time)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardError = true };
        foreach (var argument in new[] { "-c", "kill -s KILL -- \"-$1\"", "kill", $"{process.Id}" }) start.ArgumentList.Add(argument);
        using var kill = Process.Start(start)!;
        try
        {
            await kill.WaitForExitAsync(CancellationToken.None).WaitAsync(KillTimeout, time, CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(KillTimeout, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // The kernel keeps one that hangs in a system call; the next pass must not.
        }
    }

    /// <summary>Both streams of a command, as they come, up to a bound.</summary>
    private sealed class Capture(int max)
    {
        private readonly Lock _gate = new();
        private readonly ArrayBufferWriter<byte> _kept = new();

        public async Task ReadAsync(Stream stream, CancellationToken cancellation)
        {
            var buffer = new byte[4096];
            try
            {
                int read;
                while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
                {
                    lock (_gate) _kept.Write(buffer.AsSpan(0, Math.Min(read, max - _kept.WrittenCount)));
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
            {
                // The command has ended; what it left behind may keep the pipe.
            }
        }

        /// <summary>Its last lines, for a message; empty for a command that said nothing.</summary>
        public string Quoted()
        {
            const int linesMax = 10;
            string text;
            lock (_gate) text = Encoding.UTF8.GetString(_kept.WrittenSpan);
            var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).TakeLast(linesMax).ToArray();
            return lines.Length == 0 ? " (it said nothing)" : $"; it said: {string.Join(" / ", lines)}";
        }
    }
}

/// <summary>The message is for people.</summary>
internal sealed class ShellCommandException(string message) : Exception(message);
