namespace Orchestrator.Probing;

/// <summary>Carries one request to a server; HTTP in the program, a script in tests.</summary>
public interface IProbeTransport : IDisposable
{
    /// <summary>Whatever goes wrong on the way is an answer without status.</summary>
    /// <param name="newConnection">Not on a connection that another request has used, or will use.</param>
    /// <exception cref="OperationCanceledException">Only for <paramref name="cancellation"/>.</exception>
    Task<ProbeAnswer> GetAsync(Uri url, bool newConnection, CancellationToken cancellation);
}
