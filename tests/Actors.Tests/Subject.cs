namespace Orchestrator.Actors.Tests;

/// <summary>An actor that reports each step of its life, and every message it is not told to act on, to one reference.</summary>
internal sealed class Subject : ReceiveActor
{
    private readonly IActorRef _log;
    private readonly string _name;

    public Subject(IActorRef log, string name)
    {
        _log = log;
        _name = name;
        Receive<Do>(order => order.Action(Context));
        Receive<Throw>(order => throw order.Exception);
        ReceiveAny(message => log.Tell(message));
    }

    internal static Props Of(IActorRef log, string name = "subject") => Props.Create(() => new Subject(log, name));

    internal static string Step(string name, string step) => $"{name}:{step}";

    protected override void PreStart()
    {
        Report("PreStart");
        base.PreStart();
    }

    protected override void PostStop()
    {
        Report("PostStop");
        base.PostStop();
    }

    protected override void PreRestart(Exception reason, object? message)
    {
        Report($"PreRestart({reason.Message})");
        base.PreRestart(reason, message!);
    }

    protected override void PostRestart(Exception reason)
    {
        Report($"PostRestart({reason.Message})");
        base.PostRestart(reason);
    }

    private void Report(string step) => _log.Tell(Step(_name, step));

    /// <summary>Runs in the subject's turn.</summary>
    internal sealed record Do(Action<IActorContext> Action);

    internal sealed record Throw(Exception Exception)
    {
        internal Throw(string message)
            : this(new InvalidOperationException(message))
        {
        }
    }
}
