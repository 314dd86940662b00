using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Orchestrator.Agent.Ingress;

namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>The real HAProxy as plain processes instead of containers.</summary>
internal sealed class HaproxyInstances(IngressOptions options) : IIngressInstances, IDisposable
{
    private readonly ConcurrentDictionary<string, (IngressInstance Instance, Process Process)> _running = [];
    private readonly IngressPaths _paths = new(options);
    private int _started;

    /// <summary>Another number: the parameters have changed.</summary>
    public int Version { get; set; }

    public int Started => _started;

    public string? Problem => null;

    public static string Binary { get; } = new[] { "/usr/sbin/haproxy", "/usr/local/sbin/haproxy" }.FirstOrDefault(File.Exists) ?? "haproxy";

    public Task<ImmutableArray<IngressInstance>> ListAsync(CancellationToken cancellation) => Task.FromResult<ImmutableArray<IngressInstance>>(
    [
        .. _running.Values.Select(pair => pair.Instance with { IsRunning = !pair.Process.HasExited, IsCurrent = pair.Instance.Id.EndsWith($"v{Version}", StringComparison.Ordinal) }),
    ]);

    public Task StartAsync(string slot, string? takeOver, CancellationToken cancellation)
    {
        List<string> arguments = ["-W", "-db", "-S", $"{_paths.MasterSocket(slot)},mode,{_paths.SocketMode},level,admin", "-f", _paths.Config];
        if (takeOver is not null) arguments.AddRange(["-x", takeOver]);
        var process = Start(arguments, slot);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var number = Interlocked.Increment(ref _started);
        var id = $"{number}v{Version}";
        _running[id] = (new IngressInstance(id, slot, true, true, DateTimeOffset.UnixEpoch.AddSeconds(number)), process);
        return Task.CompletedTask;
    }

    public Task RetireAsync(IngressInstance instance, CancellationToken cancellation)
    {
        using var signal = Process.Start("kill", ["-USR1", $"{_running[instance.Id].Process.Id}"]);
        signal.WaitForExit();
        return Task.CompletedTask;
    }

    public Task RemoveAsync(IngressInstance instance, CancellationToken cancellation)
    {
        if (_running.TryRemove(instance.Id, out var pair)) End(pair.Process);
        return Task.CompletedTask;
    }

    public async Task<string> ExplainAsync(IngressInstance instance, CancellationToken cancellation) => ContainerInstances.Said((await RunAsync(["-c", "-f", _paths.Config], options)).Split('\n'));

    /// <summary>As a crash or an out-of-memory kill would.</summary>
    public void KillAll()
    {
        foreach (var pair in _running.Values) End(pair.Process);
    }

    /// <summary>What <c>haproxy -c</c> prints; empty when it takes the file without a word.</summary>
    public static Task<string> CheckAsync(IngressOptions options) => RunAsync(["-q", "-c", "-f", new IngressPaths(options).Config], options);

    private static async Task<string> RunAsync(IEnumerable<string> arguments, IngressOptions options)
    {
        using var process = Start(arguments, "a", options);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output + await error + (process.ExitCode == 0 ? "" : $"exit code {process.ExitCode}");
    }

    public void Dispose() => KillAll();

    private Process Start(IEnumerable<string> arguments, string slot) => Start(arguments, slot, options);

    private static Process Start(IEnumerable<string> arguments, string slot, IngressOptions options)
    {
        var start = new ProcessStartInfo(Binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[IngressPaths.RunVariable] = new IngressPaths(options).Slot(slot);
        return Process.Start(start)!;
    }

    private static void End(Process process)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }
}
