using System.Collections.Immutable;

namespace Orchestrator.Rollouts;

internal abstract record JudgementMessage
{
    /// <summary>To the parent; the judgement has ended with it.</summary>
    /// <param name="LeftOut">Hosts whose ingress could not be asked, for people: <c>h2 (does not answer)</c>.</param>
    public sealed record Judged(JudgementCase Case, SloVerdict Verdict, ImmutableArray<string> LeftOut) : JudgementMessage;
}
