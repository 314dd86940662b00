using Orchestrator.Probing;

namespace Orchestrator.Cli.Progress;

/// <param name="Before">The warm-up: requests before anything is changed.</param>
/// <param name="After">Requests after the change has ended.</param>
/// <param name="MaxFailures">One more, and the command fails.</param>
/// <param name="GoesBack">One more, and the change is undone.</param>
internal sealed record ProofSettings(ProbeOptions Options, TimeSpan Before, TimeSpan After, long MaxFailures, bool GoesBack);
