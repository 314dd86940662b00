namespace Orchestrator.Load;

/// <summary>The command line cannot be understood; the message says what to give instead.</summary>
public sealed class UsageException(string message) : Exception(message);
