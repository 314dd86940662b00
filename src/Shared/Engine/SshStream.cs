using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Orchestrator.Engine;

/// <summary>A connection through the system's ssh to <c>docker system dial-stdio</c> on the far host, as Docker's own client does it: ssh's config, agent, known hosts and jump hosts all apply.</summary>
internal sealed class SshStream : Stream
{
    /// <summary>ssh explains itself in a line or two; more would only fill memory.</summary>
    private const int ErrorCharsMax = 4096;

    /// <summary>How long a closed stream waits for ssh's last words and its end.</summary>
    private static readonly TimeSpan ExitGrace = TimeSpan.FromSeconds(2);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private SshStream(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                if (line.Data is { } text && _errors.Length + text.Length < ErrorCharsMax) _errors.AppendLine(text);
            }
        };
        process.BeginErrorReadLine();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="EngineConnectException">There is no ssh program.</exception>
    public static SshStream Start(EngineAddress address)
    {
        try
        {
            var start = new ProcessStartInfo("ssh", Arguments(address)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            return new SshStream(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new EngineConnectException($"the ssh program cannot be started: {e.Message}; install the OpenSSH client", e);
        }
    }

    /// <remarks>BatchMode: nobody is there to type a password. ServerAlive: a vanished host ends the connection within 45 s.</remarks>
    internal static IReadOnlyList<string> Arguments(EngineAddress address)
    {
        List<string> arguments = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-T"];
        if (address.User is { } user) arguments.AddRange(["-l", user]);
        if (address.Port != 0) arguments.AddRange(["-p", address.Port.ToString(CultureInfo.InvariantCulture)]);
        return [.. arguments, "--", address.Host, "docker", "system", "dial-stdio"];
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _process.StandardOutput.BaseStream.ReadAsync(buffer, cancellationToken);
        if (read > 0 || buffer.IsEmpty) return read;

        // The engine closes a raw stream to end it, and ssh then exits with 0. Anything else is a connection that broke.
        var lastWords = await LastWordsAsync(cancellationToken);
        return _process is { HasExited: true, ExitCode: not 0 } ? throw new EngineConnectException(lastWords) : 0;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _process.StandardInput.BaseStream.WriteAsync(buffer, cancellationToken);
            await _process.StandardInput.BaseStream.FlushAsync(cancellationToken);
        }
        catch (IOException e) when (e is not EngineConnectException)
        {
            throw new EngineConnectException(await LastWordsAsync(cancellationToken), e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                _process.Kill();
            }
            catch (InvalidOperationException)
            {
                // It has ended by itself.
            }

            _process.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<string> LastWordsAsync(CancellationToken cancellation)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        bound.CancelAfter(ExitGrace);
        try
        {
            await _process.WaitForExitAsync(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "the ssh connection was closed";
        }

        lock (_errors)
        {
            var said = _errors.ToString().Trim();
            return said.Length == 0
                ? $"ssh ended with exit code {_process.ExitCode}; is Docker installed on the host?"
                : $"ssh says: {said}; it must reach the host without a password, and find `docker` there";
        }
    }
}
