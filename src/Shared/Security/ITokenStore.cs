using System.Collections.Immutable;

namespace Orchestrator.Security;

/// <summary>Where a coordinator keeps its join tokens: a file of its own, or the store that several coordinators share.</summary>
public interface ITokenStore
{
    ImmutableArray<JoinTokenRecord> Load();

    /// <summary>Returns when the records are safe on disk.</summary>
    void Save(ImmutableArray<JoinTokenRecord> records);
}
