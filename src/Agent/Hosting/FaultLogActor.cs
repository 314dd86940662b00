using Microsoft.Extensions.Logging;

namespace Orchestrator.Agent.Hosting;

/// <summary>Writes what the actor runtime reports of failed actors to the program's log: a supervisor restarts them, and somebody has to know why.</summary>
public sealed partial class FaultLogActor : ReceiveActor
{
    private readonly ILogger logger;

    public FaultLogActor(ILoggerFactory loggers)
    {
        logger = loggers.CreateLogger<FaultLogActor>();
        Receive<Error>(e => LogFault(e.Cause, e.LogSource, $"{e.Message}"));
    }

    public static void Start(ActorSystem system, ILoggerFactory loggers)
    {
        var log = system.ActorOf(Props.Create(() => new FaultLogActor(loggers)), "fault-log");
        system.EventStream.Subscribe(log, typeof(Error));
    }

    [LoggerMessage(2900, LogLevel.Error, "actor {Source} failed and is dealt with by its supervisor: {Message}")]
    private partial void LogFault(Exception? cause, string source, string message);
}
