using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;

namespace Orchestrator.Agent.Networks;

/// <summary>As child processes.</summary>
internal sealed class LinkCommands(TimeProvider time) : ILinkCommands
{
    /// <summary>Each is one or two kernel calls; longer means that the kernel's lock is held by something broken.</summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    public async Task<LinkResult> RunAsync(string program, ImmutableArray<string> arguments, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(Bound, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        using var process = Start(program, arguments);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(either.Token);
            var error = process.StandardError.ReadToEndAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            return new LinkResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new LinkException($"{program} {string.Join(' ', arguments)}: no end after {Bound.TotalSeconds:0} s");
        }
    }

    private static Process Start(string program, ImmutableArray<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start) ?? throw new LinkException($"{program} did not start");
        }
        catch (Win32Exception e)
        {
            throw new LinkException($"the program '{program}' does not start here ({e.Message}): install iproute2 on this host, it is needed for networks that span hosts");
        }
    }
}
