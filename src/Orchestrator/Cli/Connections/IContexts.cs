using System.Collections.Immutable;

namespace Orchestrator.Cli.Connections;

/// <summary>The coordinators this user knows.</summary>
internal interface IContexts
{
    /// <summary>By name.</summary>
    ImmutableArray<ContextView> List();

    /// <summary>The name of the context commands use; null for the local engine.</summary>
    string? Current { get; }

    /// <summary>Null goes back to the local engine. The name must be one of <see cref="List"/>.</summary>
    void Use(string? name);

    void Remove(string name);

    /// <summary>Joins a fleet with a token for an operator or viewer, and keeps what that gives under <paramref name="name"/>.</summary>
    Task<ContextView> JoinAsync(string name, Uri coordinator, string token, string user, CancellationToken cancellation);
}
