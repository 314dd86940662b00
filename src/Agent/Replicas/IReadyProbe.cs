using Orchestrator.Stacks;

namespace Orchestrator.Agent.Replicas;

/// <summary>One try of an <c>x-orchestrator.ready</c> probe.</summary>
public interface IReadyProbe
{
    /// <returns>Null when ready, else why not, for people. Throws only on cancellation.</returns>
    Task<string?> TryAsync(string address, ReadySpec ready, CancellationToken cancellation);
}
