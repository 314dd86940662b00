using System.Collections.Immutable;

namespace Orchestrator.Agent.Ingress;

/// <summary>Where HAProxy runs: in containers of this host.</summary>
internal interface IIngressInstances
{
    /// <summary>Why none can run here whatever is tried; null when they can.</summary>
    string? Problem { get; }

    /// <summary>All there are, running or not.</summary>
    Task<ImmutableArray<IngressInstance>> ListAsync(CancellationToken cancellation);

    /// <summary>Starts one on the configuration as it is written, its sockets in the slot's folder.</summary>
    /// <param name="takeOver">The stats socket of the one whose listening sockets it takes over; null for none.</param>
    /// <exception cref="IngressException">It cannot be made.</exception>
    Task StartAsync(string slot, string? takeOver, CancellationToken cancellation);

    /// <summary>Asks it to finish what it has, to take nothing new, and to end then for good.</summary>
    Task RetireAsync(IngressInstance instance, CancellationToken cancellation);

    Task RemoveAsync(IngressInstance instance, CancellationToken cancellation);

    /// <summary>HAProxy's own words on why it does not take the configuration or does not run, at most a few lines.</summary>
    Task<string> ExplainAsync(IngressInstance instance, CancellationToken cancellation);
}

/// <param name="Slot"><c>a</c> or <c>b</c>: the next one takes the other.</param>
/// <param name="IsCurrent">False: it was made with other parameters, or from another image, than one made now.</param>
internal sealed record IngressInstance(string Id, string Slot, bool IsRunning, bool IsCurrent, DateTimeOffset Created);

/// <summary>The message is for people.</summary>
internal sealed class IngressException(string message, bool isFinal = false) : Exception(message)
{
    public bool IsFinal { get; } = isFinal;
}
