namespace Orchestrator.Fleet;

/// <summary>Whom a change of one host may matter to: a thousand hosts that return at once are not looked at by every stack each. Each is told besides who is told of the one before.</summary>
public enum ChangeScope
{
    /// <summary>The stacks that are named, which have something there or had.</summary>
    Named,

    /// <summary>Stacks that wait for a host: it is ready again.</summary>
    Awaited,

    /// <summary>Whoever shows tables there: it went down, or is back from that.</summary>
    Standing,

    /// <summary>Every stack: the host is new, gone for good, another than it was, or the last one to be heard of.</summary>
    All,
}
