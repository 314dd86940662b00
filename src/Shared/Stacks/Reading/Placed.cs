namespace Orchestrator.Stacks.Reading;

/// <summary>Something read, and where it stands.</summary>
internal readonly record struct Placed<T>(T Item, Value At);
