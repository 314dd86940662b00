using System.Collections.Immutable;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Changes;

/// <summary>Asks every host that a plan concerns, at once, whether it can take its part. Changes nothing.</summary>
internal sealed class PreflightRound(IActorRef fleet, string id)
{
    /// <summary>Longer than the agent's own bound on each of its questions.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(15);

    /// <summary>What speaks against the plan, and what may; for people, each with its hosts.</summary>
    public async Task<PreflightVerdict> RunAsync(ImmutableSortedDictionary<string, AgentCommand.Preflight> commands)
    {
        var answers = await Task.WhenAll(commands.Select(c => AskAsync(c.Key, c.Value with { CommandId = $"{id}/preflight/{c.Key}" })));
        var told = answers.SelectMany(a => a.Problems, (a, problem) => (a.Host, Problem: problem))
            .GroupBy(t => t.Problem)
            .OrderBy(g => g.Key.Subject, StringComparer.Ordinal)
            .ThenBy(g => g.Key.Message, StringComparer.Ordinal)
            .Select(g => (g.Key.IsWarning, Text: Text(g.Key, g.Select(t => t.Host).Order(StringComparer.Ordinal))))
            .ToList();
        return new PreflightVerdict([.. told.Where(t => !t.IsWarning).Select(t => t.Text)], [.. told.Where(t => t.IsWarning).Select(t => t.Text)]);
    }

    private static string Text(PreflightProblem problem, IEnumerable<string> hosts) =>
        $"{(problem.Subject.Length == 0 ? "" : $"{problem.Subject} ")}on {string.Join(", ", hosts)}: {problem.Message}";

    private async Task<(string Host, ImmutableArray<PreflightProblem> Problems)> AskAsync(string host, AgentCommand.Preflight command)
    {
        try
        {
            var answer = await fleet.Ask<FleetMessage>(new FleetMessage.Send(host, command), AnswerTimeout);
            return (host, answer is FleetMessage.Answered { Event: AgentEvent.Preflighted preflighted } ? preflighted.Problems : Unanswered("the link to it was lost"));
        }
        catch (AskTimeoutException)
        {
            return (host, Unanswered($"no answer within {AnswerTimeout.TotalSeconds:0} s"));
        }
    }

    private static ImmutableArray<PreflightProblem> Unanswered(string why) => [new PreflightProblem("", $"not looked at whether it can take its part: {why}", IsWarning: true)];
}

/// <param name="Errors">Why the plan cannot go well.</param>
/// <param name="Warnings">What may go wrong, or could not be looked at.</param>
internal sealed record PreflightVerdict(ImmutableArray<string> Errors, ImmutableArray<string> Warnings);
