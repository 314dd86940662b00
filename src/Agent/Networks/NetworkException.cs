namespace Orchestrator.Agent.Networks;

/// <summary>A network or volume cannot be had as it is; the message is for people, with what to do.</summary>
internal sealed class NetworkException(string message) : Exception(message);
