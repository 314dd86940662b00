using Orchestrator.Api;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary>Turns an unknown name into an error that helps.</summary>
internal static class StackNames
{
    /// <summary>Throws with the known names (exit code 2) when there is no such stack.</summary>
    public static async Task RequireAsync(ICoordinator coordinator, string stack, CancellationToken cancellation)
    {
        var known = (await coordinator.StacksAsync(cancellation).ConfigureAwait(false)).Select(s => s.Stack).ToArray();
        if (known.Contains(stack, StringComparer.Ordinal))
            return;
        try
        {
            // A stack whose first deploy has not succeeded is not listed yet, but it has a history.
            await coordinator.HistoryAsync(stack, cancellation).ConfigureAwait(false);
        }
        catch (CoordinatorException e) when (e.Kind == CoordinatorErrorKind.NotFound)
        {
            throw CliException.Usage($"there is no stack {stack}; {Suggestion.For(stack, known, "stacks")}");
        }
    }

    /// <summary>Throws with the stack's services (exit code 2) when one of <paramref name="services"/> is not among <paramref name="known"/>.</summary>
    public static void RequireServices(string stack, IEnumerable<string> services, IReadOnlyCollection<string> known)
    {
        var unknown = services.Where(s => !known.Contains(s, StringComparer.Ordinal)).ToArray();
        if (unknown.Length > 0)
            throw CliException.Usage($"stack {stack} has no service {string.Join(", ", unknown)}; {Suggestion.For(unknown[0], known, "services")}");
    }
}
