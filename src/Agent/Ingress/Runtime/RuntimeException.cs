namespace Orchestrator.Agent.Ingress.Runtime;

/// <summary>HAProxy's socket did not answer, or not within the bounds.</summary>
internal sealed class RuntimeException(string message, Exception? inner = null) : Exception(message, inner);
