namespace Orchestrator;

/// <summary>Pauses that double from try to try, up to a longest one.</summary>
public static class DoublingPause
{
    /// <summary>Beyond it the longest pause has long been reached.</summary>
    private const int DoublingsMax = 20;

    /// <param name="tries">So far, from 1.</param>
    public static TimeSpan After(int tries, TimeSpan first, TimeSpan longest)
    {
        var pause = first * Math.Pow(2, Math.Min(tries - 1, DoublingsMax));
        return pause < longest ? pause : longest;
    }
}
