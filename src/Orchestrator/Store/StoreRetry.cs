using Microsoft.Extensions.Logging;

namespace Orchestrator.Store;

/// <summary>While the store fails what needs it waits: tried again without a pause it would take a processor and fill the log.</summary>
internal static partial class StoreRetry
{
    private static readonly TimeSpan PauseFirst = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan PauseLongest = TimeSpan.FromSeconds(8);

    /// <summary>Doubled from the first to the longest.</summary>
    /// <param name="tries">So far, from 1.</param>
    public static TimeSpan Pause(int tries) => DoublingPause.After(tries, PauseFirst, PauseLongest);

    /// <summary>An actor that could not load what it begins with is told to again.</summary>
    /// <param name="what">For people.</param>
    /// <param name="tries">So far, from 1.</param>
    public static void LoadLater(ITimerScheduler timers, object load, ILogger logger, Exception cause, string what, int tries)
    {
        var pause = Pause(tries);
        LogNotLoaded(logger, cause, what, tries, pause.TotalSeconds);
        timers.StartSingleTimer(nameof(LoadLater), load, pause);
    }

    [LoggerMessage(3501, LogLevel.Error, "{What} could not be loaded from the store, try {Try}; what needs them waits, and it is tried again in {Seconds} s")]
    private static partial void LogNotLoaded(ILogger logger, Exception cause, string what, int @try, double seconds);
}
