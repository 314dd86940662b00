using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Http;

/// <summary>How one step or one whole request went: well, or the reason why not with what was seen.</summary>
public readonly record struct Outcome(FailureReason? Reason, string? Detail)
{
    public static Outcome Success { get; }

    public bool IsSuccess => Reason is null;

    public static Outcome Failure(FailureReason reason, string detail) => new(reason, detail);
}
