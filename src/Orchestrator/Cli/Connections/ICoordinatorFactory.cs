namespace Orchestrator.Cli.Connections;

internal interface ICoordinatorFactory
{
    /// <summary>Throws <see cref="Api.CoordinatorException"/> when there is no such context, or nobody answers.</summary>
    Task<CoordinatorConnection> OpenAsync(CoordinatorChoice choice, CancellationToken cancellation);
}
