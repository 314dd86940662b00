using System.Collections.Immutable;

namespace Orchestrator.Security;

/// <summary>Where a coordinator keeps its join tokens: a file of its own, or the store that several coordinators share.</summary>
public interface ITokenStore
{
    ImmutableArray<JoinTokenRecord> Load();

    /// <summary>Changes the records as one step that no other coordinator or command comes between; returns when they are safe on disk.</summary>
    /// <param name="change">What it throws leaves the records as they are.</param>
    void Update(Func<ImmutableArray<JoinTokenRecord>, ImmutableArray<JoinTokenRecord>> change);
}
