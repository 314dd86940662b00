using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Store;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Traffic;

/// <summary><c>/user/coordinator/traffic</c>: one child per stack, what each listens on, and the list of stacks that every host is told first.</summary>
internal sealed class TrafficActor : ReceiveActor, IWithTimers, IWithStash
{
    private readonly StackStore store;
    private readonly IActorRef fleet;
    private readonly Func<ITrafficExtras> extras;
    private readonly IActorRef etcd;
    private readonly bool isPassive;
    private readonly ILoggerFactory loggers;
    private readonly Dictionary<string, IActorRef> stacks = new(StringComparer.Ordinal);

    /// <summary>Until then no host is told which stacks there are: it would forget the others.</summary>
    private bool isLoaded;

    private int loads;

    /// <summary>Removed, and not deployed again: no table of theirs is sent any more, so no host may wait for one.</summary>
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);

    /// <summary>Of <see cref="gone"/>, those whose actors are asked to end: what comes for them waits until they have, or have said that they stay.</summary>
    private readonly HashSet<string> leaving = new(StringComparer.Ordinal);

    /// <summary>The highest version of those whose actors have ended. Hosts may still show it, so that the tables of one that is deployed again must be newer.</summary>
    private long lastVersion;

    private readonly Dictionary<string, ImmutableArray<Listener>> listeners = new(StringComparer.Ordinal);

    /// <summary>By stack, as told last.</summary>
    private readonly Dictionary<string, TrafficTarget> targets = new(StringComparer.Ordinal);

    /// <summary>By engine name of a network, the stacks that have it: one as a rule.</summary>
    private readonly Dictionary<string, ImmutableHashSet<string>> networks = new(StringComparer.Ordinal);

    /// <param name="isPassive">Answers what collides, and touches no host.</param>
    public TrafficActor(StackStore store, IActorRef fleet, Func<ITrafficExtras> extras, IActorRef etcd, bool isPassive, ILoggerFactory loggers)
    {
        this.store = store;
        this.fleet = fleet;
        this.extras = extras;
        this.etcd = etcd;
        this.isPassive = isPassive;
        this.loggers = loggers;
        ReceiveAsync<Load>(_ => LoadAsync());

        // Hosts forget the stacks that they are not told of, and who asks what is taken is not to hear of some stacks only.
        ReceiveAny(_ => Stash.Stash());
    }

    private void Loaded()
    {
        Receive<TrafficMessage.Retarget>(Retarget);
        Receive<TrafficMessage.CheckListeners>(Check);
        Receive<TrafficMessage.FleetChanged>(FleetChanged);
        Receive<TrafficMessage.Publish>(m => Pass(m.Replica.Stack, m));
        Receive<TrafficMessage.Withhold>(m => Pass(m.Replica.Stack, m));
        Receive<TrafficMessage.Switch>(m => Pass(m.To[0].Replica.Stack, m));
        Receive<TrafficMessage.Drain>(m => Pass(m.Replica.Stack, m));
        Receive<TrafficMessage.Undrain>(m => Pass(m.Replica.Stack, m));
        Receive<TrafficMessage.SwitchBack>(m => Pass(m.To.Concat(m.From).First().Replica.Stack, m));
        Receive<TrafficMessage.UndrainRevision>(m => Pass(m.Stack, m));
        Receive<TrafficMessage.Attend>(m => Pass(m.Stack, m));
        Receive<TrafficMessage.Settle>(m => Pass(m.Stack, m));
        Receive<TrafficMessage.GetStanding>(GetStanding);
        Receive<TrafficMessage.Remove>(Remove);
        Receive<TrafficMessage.Emptied>(LetLeave);
        Receive<TrafficMessage.Stays>(m => EndLeave(m.Stack));
        Receive<Terminated>(m => Left(m.ActorRef));
        Receive<TrafficMessage.Restarted>(m =>
        {
            if (targets.TryGetValue(m.Stack, out var target))
            {
                Sender.Tell(target);
            }
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public IStash Stash { get; set; } = null!;

    protected override void PreStart() => Self.Tell(new Load());

    private async Task LoadAsync()
    {
        try
        {
            foreach (var name in await store.NamesAsync())
            {
                var stored = await store.LoadAsync(name);
                if (stored.Head is { } head)
                {
                    Retarget(new TrafficMessage.Retarget(head, stored.Revisions));
                }
            }
        }
        catch (Exception e)
        {
            StoreRetry.LoadLater(Timers, new Load(), loggers.CreateLogger<TrafficActor>(), e, "what the stacks show", ++loads);
            return;
        }
        isLoaded = true;
        Become(Loaded);
        Stash.UnstashAll();
        if (!isPassive)
        {
            TellRoster();
            etcd.Tell(new EtcdSinkMessage.Only(stacks.Keys.ToImmutableHashSet(StringComparer.Ordinal)));
        }
    }

    private void Retarget(TrafficMessage.Retarget message)
    {
        var target = new TrafficTarget(message.Head, message.Revisions);
        if (Holds(target.Stack))
        {
            return;
        }
        var isNew = gone.Remove(target.Stack) || !stacks.ContainsKey(target.Stack);
        listeners[target.Stack] = [.. target.Shown.SelectMany(r => Listener.Of(r.Spec)).Distinct()];
        if (isPassive)
        {
            return;
        }
        Share(target.Stack, target);
        if (isNew && isLoaded)
        {
            TellRoster();
        }
    }

    /// <summary>Those that have a network in common are told so, the other ones too.</summary>
    private void Share(string stack, TrafficTarget? target)
    {
        var (before, after) = (targets.GetValueOrDefault(stack)?.Networks ?? [], target?.Networks ?? []);
        foreach (var network in before.Except(after))
        {
            networks[network] = networks[network].Remove(stack);
            if (networks[network].IsEmpty)
            {
                networks.Remove(network);
            }
        }
        foreach (var network in after)
        {
            networks[network] = networks.GetValueOrDefault(network, []).Add(stack);
        }
        var others = before.Union(after).SelectMany(n => networks.GetValueOrDefault(n, [])).Where(s => s != stack).Distinct(StringComparer.Ordinal).ToList();
        if (target is null)
        {
            targets.Remove(stack);
        }
        else
        {
            targets[stack] = target with { IsShared = IsShared(target) };
            StackOf(stack).Tell(targets[stack]);
        }
        foreach (var other in others.Where(o => targets[o].IsShared != IsShared(targets[o])))
        {
            targets[other] = targets[other] with { IsShared = !targets[other].IsShared };
            StackOf(other).Tell(targets[other]);
        }
    }

    private bool IsShared(TrafficTarget target) => target.Networks.Any(n => networks[n].Count > 1);

    private void Check(TrafficMessage.CheckListeners message) => Sender.Tell(new TrafficMessage.ListenersChecked(
    [
        .. from mine in message.Listeners
           from other in listeners
           where other.Key != message.Stack
           let theirs = other.Value.FirstOrDefault(mine.CollidesWith)
           where theirs is not null
           select $"{(mine.Service.Length == 0 ? "" : $"service {mine.Service}: ")}{mine.Text} belongs to stack {other.Key}{(theirs.Service.Length == 0 ? $" ({theirs.Text})" : $", service {theirs.Service}")}; choose another, or remove it there first",
    ]));

    private void FleetChanged(TrafficMessage.FleetChanged message)
    {
        foreach (var stack in message.Scope >= ChangeScope.Standing ? [.. stacks.Keys] : message.Stacks)
        {
            if (stacks.TryGetValue(stack, out var actor))
            {
                actor.Tell(message);
            }
        }
    }

    private void Remove(TrafficMessage.Remove message)
    {
        if (Holds(message.Stack))
        {
            return;
        }
        listeners.Remove(message.Stack);
        Share(message.Stack, null);
        StackOf(message.Stack).Forward(message);
        gone.Add(message.Stack);
        TellRoster();
    }

    private void TellRoster() => fleet.Tell(new FleetMessage.Roster([.. stacks.Keys.Where(s => !gone.Contains(s)).Order(StringComparer.Ordinal)]));

    private void Pass(string stack, TrafficMessage message)
    {
        if (!Holds(stack))
        {
            StackOf(stack).Forward(message);
        }
    }

    /// <summary>Who looks at a stack that has left meanwhile makes no actor for it again: that would have nothing to end for.</summary>
    private void GetStanding(TrafficMessage.GetStanding message)
    {
        if (!isPassive && !stacks.ContainsKey(message.Stack))
        {
            Sender.Tell(TrafficMessage.StandingReport.None(message.Stack));
        }
        else
        {
            Pass(message.Stack, message);
        }
    }

    /// <summary>What comes for a stack whose actor may be ending is for the one after it.</summary>
    private bool Holds(string stack)
    {
        var isHeld = leaving.Contains(stack);
        if (isHeld)
        {
            Stash.Stash();
        }
        return isHeld;
    }

    /// <summary>Unless it is deployed again. What was told before is in its mailbox, in front of the question.</summary>
    private void LetLeave(TrafficMessage.Emptied message)
    {
        lastVersion = Math.Max(lastVersion, message.Version);
        if (gone.Contains(message.Stack) && leaving.Add(message.Stack))
        {
            stacks[message.Stack].Tell(new TrafficMessage.Leave(message.Stack));
        }
    }

    private void EndLeave(string stack)
    {
        leaving.Remove(stack);
        Stash.UnstashAll();
    }

    private void Left(IActorRef actor)
    {
        foreach (var stack in leaving.Where(s => stacks[s].Equals(actor)).ToList())
        {
            stacks.Remove(stack);
            gone.Remove(stack);
            EndLeave(stack);
        }
    }

    private IActorRef StackOf(string name)
    {
        if (!stacks.TryGetValue(name, out var stack))
        {
            var (s, f, e, v, l) = (store.Entries, fleet, extras(), lastVersion, loggers);
            stacks[name] = stack = Context.Watch(Context.ActorOf(Props.Create(() => new StackTrafficActor(name, s, f, e, v, l)), $"stack-{name}"));
        }
        return stack;
    }

    private sealed record Load;
}
