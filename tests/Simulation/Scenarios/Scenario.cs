using Orchestrator.Api;

namespace Orchestrator.Simulation.Scenarios;

/// <summary>A world, and the words to tell a story in it.</summary>
public abstract class Scenario : IDisposable
{
    /// <summary>The longest a change may take once nothing is broken any more; a stop that is never answered is given up after 15 minutes.</summary>
    internal static readonly TimeSpan ChangeMax = TimeSpan.FromMinutes(40);

    internal World World { get; private set; } = null!;

    public void Dispose()
    {
        World?.Dispose();
        GC.SuppressFinalize(this);
    }

    internal static StackSetup Shop(params ServiceSetup[] services) => new("shop", [.. services]);

    internal static ServiceSetup Web(string version = "v1") => new("web", version);

    internal World Begin(int seed = 1, int hosts = 3)
    {
        World?.Dispose();
        World = new World(new WorldOptions { Seed = seed, Hosts = hosts, EncodesMessages = true });
        foreach (var service in (string[])["web", "api", "db"]) Images.Push(World.Registry, service);
        World.Start();
        World.Advance(TimeSpan.FromSeconds(10));
        return World;
    }

    /// <summary>Deploys, and lets it come to its end.</summary>
    internal Client Deploy(StackSetup stack, ChangeOutcome outcome = ChangeOutcome.Done) => Until(World.Ask(stack.Deploy), outcome);

    internal Client Until(Client client, ChangeOutcome outcome)
    {
        World.AdvanceUntil(() => client.IsDone, ChangeMax);
        AssertWell();
        Assert.True(client.Ended?.Outcome == outcome, $"{client} should have ended with {outcome}; it has {client.Ended?.ToString() ?? client.Rejected?.ToString() ?? "not ended"}\n{Story()}");
        return client;
    }

    /// <summary>What was asked twice, by a client that lost its coordinator, may be done by then.</summary>
    internal static readonly ChangeOutcome[] DoneOrNothing = [ChangeOutcome.Done, ChangeOutcome.NothingToDo];

    internal Client Deploy(StackSetup stack, ChangeOutcome[] outcomes)
    {
        var client = World.Ask(stack.Deploy);
        Ends(client);
        Assert.True(client.Outcome is { } outcome && outcomes.Contains(outcome), $"{client} ended with {client.Ended?.ToString() ?? client.Rejected?.ToString()}\n{Story()}");
        return client;
    }

    /// <summary>However it ends.</summary>
    internal void Ends(Client client) => When(() => client.IsDone, $"{client} ends");

    internal void When(Func<bool> condition, string what)
    {
        var isSo = World.AdvanceUntil(condition, ChangeMax);
        AssertWell();
        Assert.True(isSo, $"never happened: {what}\n{Story()}");
    }

    internal bool Hears<T>(Client client, Func<T, bool>? which = null)
        where T : ChangeEvent => client.Events.OfType<T>().Any(e => which is null || which(e));

    internal void Pass(double seconds)
    {
        World.Advance(TimeSpan.FromSeconds(seconds));
        AssertWell();
    }

    internal int Running(string tag) => World.Hosts.Sum(host => host.Of("shop").Count(c => c.IsRunning && c.Request.Image.Contains(tag, StringComparison.Ordinal)));

    /// <summary>The revision of the service that was deployed first.</summary>
    internal string First() => new Changes.StackStore(World.Coordinator.Store).LoadAsync("shop").GetAwaiter().GetResult().Revisions.First(r => r.Number == 1).Services["web"].Id;

    /// <summary>Time passes until nothing is left to repair, and then every promise is looked at.</summary>
    internal void Rest()
    {
        World.Advance(TimeSpan.FromMinutes(20));
        World.Rest();
        AssertWell();
    }

    private void AssertWell() => Assert.True(World.Violation is null, $"{World.Violation}\n{Story()}");

    private string Story() => string.Join('\n', World.Trace.Last);
}
