using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orchestrator.Api;

namespace Orchestrator.Simulation;

/// <summary>A whole life of a fleet drawn from a seed: stacks, what is asked for, and what breaks. In the end everything is healed, and a last good deploy has to bring what it says.</summary>
internal sealed class RandomRun : IDisposable
{
    /// <summary>The longest a change may take once nothing is broken any more: stops that are not answered are given up after 15 minutes, and one change may wait for another.</summary>
    public static readonly TimeSpan ChangeMax = TimeSpan.FromMinutes(60);

    /// <summary>Longer than the longest pause between two repairs.</summary>
    private static readonly TimeSpan RepairMax = TimeSpan.FromMinutes(12);

    private static readonly TimeSpan StrikesWithin = TimeSpan.FromMinutes(3);

    /// <summary>
    /// From here on seeds also draw strategies, SLOs, atomic deploys, pauses and promotions, from a source of their own; those below go on as they were before there
    /// were such draws.
    /// </summary>
    public const int WideFrom = 10_000;

    private readonly Dice _dice;
    private readonly Dice? _wide;
    private readonly List<StackSetup> _stacks = [];
    private bool _isHealed;

    public RandomRun(int seed, Mutation? mutation = null, ILoggerFactory? loggers = null)
    {
        _dice = new Dice(unchecked((seed * 7919) + 17));
        _wide = seed < WideFrom ? null : new Dice(unchecked((seed * 104_729) + 31));
        World = new World(new WorldOptions
        {
            Seed = seed,
            Hosts = _dice.Between(1, 4),
            LinkDelayMax = TimeSpan.FromMilliseconds(_dice.Pick([2, 20, 400])),
            IngressDelayMax = TimeSpan.FromMilliseconds(_dice.Pick([5, 200, 3000])),
            EncodesMessages = seed % 8 == 0,
            Mutation = mutation ?? Mutation.None,
            Loggers = loggers ?? NullLoggerFactory.Instance,
        });
        foreach (var service in (string[])["db", "api", "web"]) Images.Push(World.Registry, service);
        _stacks.Add(RandomStack.Draw(_dice, "shop", World.Hosts.Length, _wide));
        if (_dice.Chance(0.25)) _stacks.Add(RandomStack.Draw(_dice, "blog", World.Hosts.Length, _wide));
    }

    public World World { get; }

    /// <returns>The first broken promise; null when all were kept.</returns>
    public Violation? Run()
    {
        World.Start();
        World.Advance(TimeSpan.FromSeconds(10));
        foreach (var stack in _stacks) World.Ask(stack.Deploy);
        if (_dice.Chance(0.8)) AwaitAll();
        Schedule();
        for (var operations = _dice.Between(2, 6); operations > 0 && World.Violation is null; operations--) Operate();
        _isHealed = true;
        World.Heal();
        World.Advance(RandomFaults.HealsWithin);
        AwaitAll();
        if (_wide is not null) Settle();
        EndWell();
        return World.Violation;
    }

    public void Dispose() => World.Dispose();

    private void Schedule()
    {
        var faults = new RandomFaults(World, _dice.Fork());
        for (var count = _dice.Pick([0, 1, 2, 3, 5, 8]); count > 0; count--) World.After(_dice.Between(TimeSpan.Zero, StrikesWithin), () => Strike(faults));
    }

    private void Strike(RandomFaults faults)
    {
        if (!_isHealed) faults.Strike();
    }

    private void Operate()
    {
        var at = _dice.Below(_stacks.Count);
        World.Ask(Draw(at));
        if (_dice.Chance(0.4)) AwaitAll();
        else World.Advance(_dice.Between(TimeSpan.Zero, TimeSpan.FromSeconds(30)));
    }

    private ChangeRequest Draw(int at)
    {
        var name = _stacks[at].Name;
        if (_wide?.Chance(0.25) == true) return _wide.Chance(0.4) ? new ChangeRequest.Pause { Stack = name } : new ChangeRequest.Promote { Stack = name };
        switch (_dice.Below(16))
        {
            case <= 6:
                return Deploy(at, Images.Good);
            case <= 9:
                return Deploy(at, Images.Bad);
            case 10 or 11:
                var scaled = _dice.Pick(_stacks[at].Services);
                return new ChangeRequest.Scale { Stack = name, SkipUnreachable = true, Replicas = ImmutableSortedDictionary<string, int>.Empty.Add(scaled.Name, _dice.Between(scaled.HostPort is null ? 0 : 1, scaled.HostPort is null ? 5 : World.Hosts.Length)) };
            case 12:
                return new ChangeRequest.Rollback { Stack = name, SkipUnreachable = true };
            case 13:
                return new ChangeRequest.Abort { Stack = name };
            case 14:
                return new ChangeRequest.Resume { Stack = name };
            default:
                return new ChangeRequest.Remove { Stack = name };
        }
    }

    /// <summary>One service, or all of them, in another version.</summary>
    private ChangeRequest Deploy(int at, string[] versions)
    {
        var only = _dice.Chance(0.5) ? _dice.Pick(_stacks[at].Services).Name : null;
        var next = _stacks[at].With(service => only is null || service.Name == only ? service with { Version = _dice.Pick(versions) } : service);
        if (versions == Images.Good) _stacks[at] = next;
        if (_wide is null) return next.Deploy;
        if (_wide.Chance(0.15)) next = next.With(service => service.Slo is null ? service : service with { Version = Images.Wrong });
        return next.Deploy with { IsAtomic = _wide.Chance(0.3) };
    }

    /// <summary>What a change has ended at is kept by itself.</summary>
    private void Settle()
    {
        World.Advance(RepairMax);
        if (World.Violation is null) World.Rest();
    }

    /// <summary>A good deploy may be held for somebody's word, one service after the other.</summary>
    private Client Promoted(Client client)
    {
        for (var services = 3; client.Outcome == ChangeOutcome.Held && services > 0; services--)
        {
            client = World.Ask(new ChangeRequest.Promote { Stack = client.Request.Stack });
            AwaitAll();
        }

        return client;
    }

    private void AwaitAll()
    {
        if (World.AdvanceUntil(() => World.Clients.All(c => c.IsDone), ChangeMax)) return;
        World.Report("every change ends", string.Join(", ", World.Clients.Where(c => !c.IsDone).Select(c => $"{c} was asked {World.Now - c.Asked} ago and has not ended")));
    }

    private void EndWell()
    {
        var last = _stacks.Select(stack => World.Ask(stack.With(service => service with { Version = _dice.Pick(["v1", "v2"]) }).Deploy)).ToList();
        AwaitAll();
        foreach (var client in last.Select(Promoted).Where(c => c.Outcome is not (ChangeOutcome.Done or ChangeOutcome.NothingToDo))) World.Report("a good deploy on a whole fleet is done", $"{client}: {client.Ended?.ToString() ?? client.Rejected?.ToString()}");
        World.Advance(RepairMax);
        if (World.Violation is null) World.Rest();
    }
}
