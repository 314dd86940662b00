namespace Orchestrator.Engine;

/// <summary>What a failed engine call means for the caller; decided in one place, from status and message.</summary>
public enum EngineErrorKind
{
    /// <summary>Trying again later may succeed: no connection, a timeout, 500, 503, a registry that does not answer.</summary>
    Temporary,

    NotFound,

    /// <summary>409: a name taken, a removal in progress, a state that forbids the call.</summary>
    Conflict,

    /// <summary>Trying again cannot help: 400, 401, 403, an image that does not exist, a command that is not in the image.</summary>
    Fatal,
}

/// <summary>The one exception of the engine client.</summary>
public sealed class EngineException : Exception
{
    public EngineException(EngineErrorKind kind, int status, string method, string path, string daemonMessage, string address, Exception? inner = null)
        : base(status == 0 ? $"cannot reach the Docker engine at {address}: {daemonMessage}" : $"{daemonMessage} ({method} {path}: {status})", inner)
    {
        Kind = kind;
        Status = status;
        Method = method;
        Path = path;
        DaemonMessage = daemonMessage;
        Address = address;
    }

    public EngineErrorKind Kind { get; }

    /// <summary>HTTP status; 0 when there was no answer.</summary>
    public int Status { get; }

    public string Method { get; }

    public string Path { get; }

    /// <summary>What the daemon said, or what the socket said when there was no answer.</summary>
    public string DaemonMessage { get; }

    public string Address { get; }

    /// <summary>No answer at all: the engine is not there.</summary>
    public bool IsUnreachable => Status == 0;
}
