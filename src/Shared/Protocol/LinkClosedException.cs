namespace Orchestrator.Protocol;

/// <summary>The link is at its end; the message says why, for people.</summary>
public sealed class LinkClosedException(string message, Exception? inner = null) : Exception(message, inner);
