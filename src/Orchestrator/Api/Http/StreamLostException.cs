namespace Orchestrator.Api.Http;

/// <summary>A stream broke off or fell silent; what it told of may go on.</summary>
internal sealed class StreamLostException(string message, Exception? inner = null) : Exception(message, inner);
