namespace Orchestrator.Probing;

/// <summary>What became of one request.</summary>
/// <param name="Status">Null: there was no whole answer, and <paramref name="Error"/> says why.</param>
/// <param name="AnsweredBy">Who answered, where a response header tells it.</param>
public sealed record ProbeAnswer(int? Status, string? Error, string? AnsweredBy = null);
