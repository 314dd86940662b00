namespace Orchestrator.Simulation;

/// <summary>The way between one host's agent and the coordinator: a session at a time, dialled by the agent, again and again while both ends are there.</summary>
internal sealed class SimLink(World world, SimHost host)
{
    /// <summary>A dead peer is noticed by its silence, as the real link does it.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan RedialMin = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RedialMax = TimeSpan.FromSeconds(3);

    private bool _isDialling;
    private int _cuts;

    /// <summary>Nothing passes in either direction.</summary>
    public bool IsCut => _cuts > 0;

    /// <summary>The newest.</summary>
    public SimSession? Session { get; private set; }

    /// <summary>Since when the coordinator has had no session of this host; null while it has one.</summary>
    public DateTimeOffset? AwaySince { get; private set; } = world.Now;

    public void Dial()
    {
        if (_isDialling) return;
        _isDialling = true;
        world.After(world.Dice.Between(RedialMin, RedialMax), () =>
        {
            _isDialling = false;
            if (host.Agent is not { } agent || Session is { IsOpenAtAgent: true }) return;
            if (IsCut || world.Coordinator.Process is not { } coordinator)
            {
                Dial();
                return;
            }

            Session = new SimSession(world, host, agent, coordinator);
            Session.Open();
        });
    }

    /// <summary>The connection breaks; the ends notice one after the other, and the agent dials again.</summary>
    public void Break()
    {
        if (Session is not { IsBroken: false } session) return;
        world.OnFault(host, "link breaks");
        session.Break(world.Dice.Between(TimeSpan.Zero, SilenceMax), world.Dice.Between(TimeSpan.Zero, SilenceMax));
    }

    /// <summary>A partition.</summary>
    public void Cut(TimeSpan time)
    {
        world.OnFault(host, "link is cut");
        _cuts++;
        Session?.Break(SilenceMax, SilenceMax);
        world.After(time, () =>
        {
            _cuts--;
            if (!IsCut) world.Tell(host.Name, "link is whole");
        });
    }

    /// <param name="noticed">After what time the coordinator hears of it; null: by silence.</param>
    public void OnAgentGone(TimeSpan? noticed) => Session?.Break(TimeSpan.Zero, noticed ?? SilenceMax);

    public void OnCoordinatorGone() => Session?.Break(TimeSpan.FromMilliseconds(50), TimeSpan.Zero);

    public void OnOpened() => AwaySince = null;

    public void OnClosed(SimSession session)
    {
        if (session == Session) AwaySince = world.Now;
    }
}
