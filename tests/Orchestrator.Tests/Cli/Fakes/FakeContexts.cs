using System.Collections.Immutable;
using Orchestrator.Cli.Connections;

namespace Orchestrator.Tests.Cli.Fakes;

internal sealed class FakeContexts : IContexts
{
    private readonly SortedDictionary<string, ContextView> _contexts = new(StringComparer.Ordinal);

    public string? Current { get; private set; }

    public ImmutableArray<ContextView> List() => [.. _contexts.Values.Select(c => c with { Current = c.Name == Current })];

    public void Add(string name, string address) => _contexts[name] = new(name, false, [address], "operator");

    public void Use(string? name) => Current = name;

    public void Remove(string name) => _contexts.Remove(name);

    public Task<ContextView> JoinAsync(string name, Uri coordinator, string token, string user, CancellationToken cancellation)
    {
        Add(name, coordinator.ToString().TrimEnd('/'));
        Joined = $"{name} {coordinator} {token} {user}";
        return Task.FromResult(_contexts[name]);
    }

    public string? Joined { get; private set; }
}
