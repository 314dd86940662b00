using System.Collections.Immutable;

namespace Orchestrator.Agent.Names;

/// <summary>What a <see cref="NameTable"/> says to a question.</summary>
internal abstract record NameAnswer
{
    /// <summary>A name of ours. Empty: nobody serves it at present.</summary>
    public sealed record Known(ImmutableArray<uint> Addresses) : NameAnswer;

    /// <summary>An address of ours.</summary>
    public sealed record Pointer(string Name) : NameAnswer;

    /// <summary>An address in a network of ours that nobody has.</summary>
    public sealed record NoSuchName : NameAnswer;

    /// <summary>Not ours: whoever the host asks may know.</summary>
    public sealed record Elsewhere : NameAnswer;

    /// <summary>The asker is on no network of ours.</summary>
    public sealed record Refused : NameAnswer;
}
