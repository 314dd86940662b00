using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>Answers what differs between revisions. What may hold secrets is shown by name alone unless asked for.</summary>
internal static class StackDiffing
{
    /// <exception cref="CoordinatorException">NotFound: no such revision.</exception>
    public static StackDiff Of(DiffQuery query, StackState state)
    {
        var current = state.Head.Current;
        var from = Revision(query.From ?? current, state);
        var (to, name) = query switch
        {
            { Spec: { } spec } => (spec, "the file"),
            { To: { } number } => (Revision(number, state).Spec, $"revision {number}"),
            _ => (Revision(current, state).Spec, $"revision {current}, the current one"),
        };
        return new StackDiff(query.Stack, $"revision {from.Number}{(query.From is null ? ", the current one" : "")}", name, [.. SpecComparison.Of(from.Spec, to).Select(part => View(part, query.Values)), .. Contents(from, query, state)]);
    }

    private static StackRevision Revision(int? number, StackState state) => state.Revisions.FirstOrDefault(r => r.Number == number)
        ?? throw new CoordinatorException(CoordinatorErrorKind.NotFound, number is null
            ? $"stack {state.Head.Stack} has no current revision yet"
            : $"stack {state.Head.Stack} has no revision {number}; it has {string.Join(", ", state.Revisions.Select(r => r.Number).Order())}");

    private static PartDiff View(SpecComparison.Part part, bool values) => new(
        part.Kind,
        part.Name,
        Change(part.IsNew, part.IsGone),
        [.. part.Keys.Select(k => new KeyDiff(k.Path, Change(k.Before is null, k.After is null), values || !k.IsVeiled ? k.Before : null, values || !k.IsVeiled ? k.After : null))]);

    /// <summary>Between revisions: services whose image kept its name and has other content.</summary>
    private static IEnumerable<PartDiff> Contents(StackRevision earlier, DiffQuery query, StackState state)
    {
        if (query.Spec is not null)
        {
            return [];
        }
        var to = Revision(query.To ?? state.Head.Current, state);
        return from service in earlier.Services.Keys.Intersect(to.Services.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
               let before = earlier.Services[service].Image
               let after = to.Services[service].Image
               where before != after && ImageOf(earlier, service) == ImageOf(to, service)
               select new PartDiff("image of service", service, "changed", [new KeyDiff("content", "changed", before, after)]);
    }

    private static string? ImageOf(StackRevision revision, string service) => revision.Spec.Services.FirstOrDefault(s => s.Name == service)?.Container.Image;

    private static string Change(bool isNew, bool isGone) => isNew ? "added" : isGone ? "removed" : "changed";
}
