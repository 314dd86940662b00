namespace Orchestrator.Engine;

/// <summary>Carries a finished explanation through the HTTP handler, which wraps it; callers see <see cref="EngineException"/>.</summary>
internal sealed class EngineConnectException(string message, Exception? inner = null) : IOException(message, inner);
