namespace Orchestrator.Agent.Ingress;

/// <summary>Who has a port of the host.</summary>
/// <param name="Text">For people.</param>
/// <param name="IsKnown">The program was found: not every user may see whose socket it is.</param>
/// <param name="Container">The id of the container it runs in; null: in none, or that is not known.</param>
public sealed record HeldPort(string Text, bool IsKnown = false, string? Container = null);
