namespace Orchestrator.Simulation;

/// <param name="Checker">The promise that was broken.</param>
/// <param name="At">Since the world's beginning.</param>
internal sealed record Violation(int Seed, string Checker, TimeSpan At, string Message)
{
    public override string ToString() => $"seed {Seed} at {At.TotalSeconds:0.000} s: {Checker}: {Message}";
}
