using System.Globalization;

namespace Orchestrator.Agent.Inventory;

/// <summary>Durations as messages write them: <c>0.4 s</c>, <c>10 min</c>.</summary>
internal static class Durations
{
    public static string Text(TimeSpan duration) => duration < TimeSpan.FromMinutes(2)
        ? duration.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + " s"
        : duration.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture) + " min";
}
