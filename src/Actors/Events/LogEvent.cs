namespace Orchestrator.Actors;

public enum LogLevel
{
    DebugLevel,
    InfoLevel,
    WarningLevel,
    ErrorLevel,
}

/// <summary>What the runtime itself has to say; subscribe to it on the event stream.</summary>
public abstract class LogEvent
{
    public DateTime Timestamp { get; private protected init; }

    /// <summary>The path of the actor that it is about.</summary>
    public string LogSource { get; protected set; } = "";

    public Type LogClass { get; protected set; } = typeof(object);

    public object Message { get; protected set; } = "";

    public Exception? Cause { get; protected set; }

    public abstract LogLevel LogLevel();

    public override string ToString() => $"[{LogLevel()}][{Timestamp:O}][{LogSource}] {Message}{(Cause is null ? "" : Environment.NewLine + Cause)}";
}

/// <summary>An actor failed.</summary>
public class Error : LogEvent
{
    public Error(Exception? cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    internal Error(DateTime timestamp, Exception? cause, string logSource, Type logClass, object message)
        : this(cause, logSource, logClass, message) =>
        Timestamp = timestamp;

    public override LogLevel LogLevel() => Orchestrator.Actors.LogLevel.ErrorLevel;
}
