namespace Orchestrator.Engine.Fakes;

/// <summary>Something that goes wrong with the next calls of one kind.</summary>
/// <param name="Operation">The member's name: <c>nameof(IEngine.StartContainerAsync)</c>.</param>
public sealed record FakeFault(string Operation)
{
    /// <summary>Thrown; null only delays.</summary>
    public EngineException? Error { get; init; }

    public TimeSpan Delay { get; init; }

    /// <summary>The call takes effect and its answer is lost.</summary>
    public bool AfterEffect { get; init; }

    /// <summary>How many calls it meets.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Meets only calls about this container, image, network or volume, named as the caller names it; null for all.</summary>
    public string? Subject { get; init; }
}
