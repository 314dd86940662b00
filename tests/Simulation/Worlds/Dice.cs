namespace Orchestrator.Simulation;

#pragma warning disable CA5394 // Draws must be repeatable, not unpredictable.

/// <summary>Every choice of a run comes from here, so that the seed stands for the run.</summary>
internal sealed class Dice(int seed)
{
    private readonly Random _random = new(seed);

    public int Below(int limit) => _random.Next(limit);

    /// <summary>Both ends are included.</summary>
    public int Between(int least, int most) => _random.Next(least, most + 1);

    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + TimeSpan.FromMilliseconds(_random.Next((int)(most - least).TotalMilliseconds + 1));

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    /// <summary>A source of its own, so that one part's draws do not shift another's.</summary>
    public Dice Fork() => new(_random.Next());
}
