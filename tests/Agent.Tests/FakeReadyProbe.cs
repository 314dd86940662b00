using Orchestrator.Agent.Replicas;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Tests;

/// <summary>Answers as told.</summary>
internal sealed class FakeReadyProbe : IReadyProbe
{
    public string? Error { get; set; }

    /// <summary>Never answers while true.</summary>
    public bool Hangs { get; set; }

    public List<(string Address, ReadySpec Ready)> Asked { get; } = [];

    public async Task<string?> TryAsync(string address, ReadySpec ready, CancellationToken cancellation)
    {
        Asked.Add((address, ready));
        if (Hangs) await new TaskCompletionSource().Task.WaitAsync(cancellation);
        return Error;
    }
}
