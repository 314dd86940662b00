namespace Orchestrator.Actors;

/// <summary>
/// Runs every actor of one or several systems on the caller's thread. Which runnable actor goes next is drawn from the seed, so a
/// seed stands for one interleaving and replays it. Continuations of asynchronous handlers and of piped tasks take turns too, as
/// long as they do not leave by <c>ConfigureAwait(false)</c> or <c>Task.Run</c>.
/// </summary>
public sealed class DeterministicDispatcher : ActorDispatcher
{
    /// <summary>More turns than this without coming to rest is taken for a livelock.</summary>
    public const int DefaultTurnsMax = 1_000_000;

    private readonly Lock _gate = new();
    private readonly List<Action> _runnable = [];
    private readonly Random _random;
    private readonly QueueingContext _context;

    /// <param name="time">The clock that <see cref="Advance"/> moves; give the same to <see cref="ActorSystemOptions.TimeProvider"/>.</param>
    /// <param name="seed">Any number; each gives another order of turns.</param>
    public DeterministicDispatcher(VirtualTimeProvider time, int seed)
    {
        ArgumentNullException.ThrowIfNull(time);
        Time = time;
        Seed = seed;
#pragma warning disable CA5394 // The draw must be repeatable, not unpredictable.
        _random = new Random(seed);
#pragma warning restore CA5394
        _context = new QueueingContext(this);
    }

    public VirtualTimeProvider Time { get; }

    public int Seed { get; }

    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _runnable.Count == 0;
            }
        }
    }

    // One message a turn: the finest interleaving finds the most.
    internal override int DefaultThroughput => 1;

    internal override SynchronizationContext Continuations => _context;

    internal override void Schedule(Mailbox mailbox) => Add(mailbox.Run);

    /// <summary>Runs one turn of one runnable actor.</summary>
    /// <returns>False when there was nothing to run.</returns>
    public bool Step()
    {
        Action turn;
        lock (_gate)
        {
            if (_runnable.Count == 0)
            {
                return false;
            }
#pragma warning disable CA5394 // The draw must be repeatable, not unpredictable.
            var drawn = _random.Next(_runnable.Count);
#pragma warning restore CA5394
            turn = _runnable[drawn];
            _runnable.RemoveAt(drawn);
        }
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            turn();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
        return true;
    }

    /// <summary>Runs until no actor has anything to do at the present instant.</summary>
    /// <returns>The number of turns.</returns>
    /// <exception cref="InvalidOperationException">The actors keep each other busy beyond <paramref name="turnsMax"/>.</exception>
    public int RunUntilIdle(int turnsMax = DefaultTurnsMax)
    {
        var turns = 0;
        while (Step())
        {
            if (++turns >= turnsMax)
            {
                throw new InvalidOperationException(
                    $"Seed {Seed}: after {turns} turns at {Time.GetUtcNow():O} actors still have work. Look for two that answer each other for ever.");
            }
        }
        return turns;
    }

    /// <summary>Moves the clock on, instant by instant: before each timer that falls due, and at the end, the actors come to rest.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        RunUntilIdle();
        var until = Time.GetUtcNow() + by;
        while (AdvanceToNextTimer(until))
        {
        }
        Time.Advance(until - Time.GetUtcNow());
        RunUntilIdle();
    }

    /// <summary>Moves the clock to the next timer due by <paramref name="until"/>, fires it, and lets the actors come to rest.</summary>
    /// <returns>False when no timer is due by then; the clock has not moved.</returns>
    public bool AdvanceToNextTimer(DateTimeOffset until)
    {
        RunUntilIdle();
        if (!Time.FireNext(until))
        {
            return false;
        }
        RunUntilIdle();
        return true;
    }

    private void Add(Action turn)
    {
        lock (_gate)
        {
            _runnable.Add(turn);
        }
    }

    private sealed class QueueingContext(DeterministicDispatcher owner) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => owner.Add(() => d(state));

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }
}
