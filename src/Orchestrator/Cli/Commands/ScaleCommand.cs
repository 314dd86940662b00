using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Orchestrator.Api;

namespace Orchestrator.Cli.Commands;

internal sealed class ScaleCommand : StackChangeCommand
{
    private readonly Argument<string[]> _replicas = new("SERVICE=N") { Description = "How many replicas of which service", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _skip = Parsing.SkipUnreachable();

    public ScaleCommand(CliServices services, GlobalOptions globals)
        : base("scale", "Change the number of replicas of a stack's services", services, globals, mayProbe: true)
    {
        Arguments.Add(_replicas);
        Options.Add(_skip);
    }

    protected override async Task<ChangeRequest?> RequestAsync(Invocation invocation, ICoordinator coordinator, string stack)
    {
        var replicas = Parse(invocation.Arguments.GetRequiredValue(_replicas));
        var history = await coordinator.HistoryAsync(stack, invocation.Interrupted).ConfigureAwait(false);
        if (history.FirstOrDefault(r => r.State == "current") is { } current)
            StackNames.RequireServices(stack, replicas.Keys, [.. current.Services.Keys]);
        return new ChangeRequest.Scale { Stack = stack, Replicas = replicas, SkipUnreachable = invocation.Arguments.GetValue(_skip) };
    }

    private static ImmutableSortedDictionary<string, int> Parse(string[] words)
    {
        var replicas = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (var word in words)
        {
            var equals = word.LastIndexOf('=');
            if (equals <= 0 || !int.TryParse(word.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                throw CliException.Usage($"`{word}` is not SERVICE=N; write it like web=3");
            if (!replicas.TryAdd(word[..equals], count))
                throw CliException.Usage($"service {word[..equals]} is named twice");
        }

        return replicas.ToImmutable();
    }
}
