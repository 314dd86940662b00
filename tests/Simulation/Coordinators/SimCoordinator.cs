using System.Globalization;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Store;

namespace Orchestrator.Simulation;

/// <summary>The coordinator in one of its lives, over the store that outlives them.</summary>
internal sealed class SimCoordinator(World world)
{
    private readonly SealKey _key = SealKey.Ephemeral();
    private readonly SimClock _machine = new(world.Time);
    private int _lives;
    private (int CommitsLeft, bool IsAfter, TimeSpan Away)? _crashPoint;

    public MemoryStore Store { get; } = new();

    /// <summary>Null while none runs.</summary>
    public SimProcess? Process { get; private set; }

    public IActorRef Ref { get; private set; } = ActorRefs.Nobody;

    /// <summary>All lives together.</summary>
    public int Commits { get; private set; }

    public int Lives => _lives;

    public void Start()
    {
        if (Process is not null) return;
        var process = Process = new SimProcess(world, string.Create(CultureInfo.InvariantCulture, $"coordinator-{++_lives}"), _machine);
        var fleet = new FleetOptions { RemembersHosts = true };
        var stacks = new StackOptions { Repairs = true, Overlay = new OverlayOptions(), Time = process.Clock };
        IStore store = new SimStore(world, process, world.Options.Mutation.Store(world, Store));
        var (key, loggers) = (_key, world.Options.Loggers);
        world.Tell("coordinator", "starts");
        Ref = process.System.ActorOf(Props.Create(() => new CoordinatorActor(fleet, stacks, store, key, loggers)), "coordinator");
        foreach (var client in world.Clients) client.OnCoordinator();
    }

    public void Crash(TimeSpan away)
    {
        if (Process is not { } process) return;
        world.OnFault(null, "coordinator crashes");
        process.Kill();
        Process = null;
        Ref = ActorRefs.Nobody;
        foreach (var host in world.Hosts) host.Link.OnCoordinatorGone();
        world.After(away, Start);
    }

    /// <summary>Crashes it at a commit that is still to come, before or after that is durable.</summary>
    public void CrashAtCommit(int commitsLeft, bool isAfter, TimeSpan away) => _crashPoint = (commitsLeft, isAfter, away);

    /// <summary>A crash that was to come does not any more.</summary>
    public void Heal() => _crashPoint = null;

    public bool DiesAtCommit(SimProcess process, bool isBefore)
    {
        if (process != Process) return true;
        if (!isBefore) Commits++;
        if (_crashPoint is not { } point || point.IsAfter == isBefore) return false;
        if (point.CommitsLeft > 1)
        {
            _crashPoint = point with { CommitsLeft = point.CommitsLeft - 1 };
            return false;
        }

        _crashPoint = null;
        Crash(point.Away);
        return true;
    }
}
