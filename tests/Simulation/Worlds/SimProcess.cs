namespace Orchestrator.Simulation;

/// <summary>
/// One life of a program: an actor system on a machine. Killed, it is cut off in the middle of whatever it does: none of its timers fires, and nothing it calls has an
/// effect or an answer. What is left in its mailboxes runs out and reaches nobody.
/// </summary>
internal sealed class SimProcess
{
    private readonly CancellationTokenSource _death = new();

    public SimProcess(World world, string name, TimeProvider machine)
    {
        Name = name;
        Clock = new SimClock(machine);
        System = ActorSystem.Create(name, new ActorSystemOptions { TimeProvider = Clock, Dispatcher = world.Dispatcher });
        var faults = System.ActorOf(Props.Create(() => new FaultActor(this, world)), "faults");
        System.EventStream.Subscribe(faults, typeof(Error));
    }

    public string Name { get; }

    public SimClock Clock { get; }

    public ActorSystem System { get; }

    public bool IsAlive { get; private set; } = true;

    public void Kill()
    {
        if (!IsAlive) return;
        IsAlive = false;
        Clock.Stop();
        _death.Cancel();
    }

    /// <summary>A call to the outside: without an effect or an answer once the process is dead.</summary>
    public async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        if (!IsAlive) return await NeverAsync<T>();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _death.Token);
        try
        {
            var result = await call(either.Token);
            return IsAlive ? result : await NeverAsync<T>();
        }
        catch when (!IsAlive)
        {
            return await NeverAsync<T>();
        }
    }

    public CancellationToken Death => _death.Token;

    private static Task<T> NeverAsync<T>() => new TaskCompletionSource<T>().Task;

    /// <summary>A product's actor that throws is restarted by its supervisor; here it is a finding.</summary>
    private sealed class FaultActor : ReceiveActor
    {
        public FaultActor(SimProcess process, World world) => Receive<Error>(error =>
        {
            if (process.IsAlive) world.Report("no actor fails", $"{error.LogSource}: {error.Cause?.ToString() ?? error.Message}");
        });
    }
}
