using Orchestrator.Api;

namespace Orchestrator.Cli.Connections;

/// <summary>An open way to a coordinator.</summary>
/// <param name="coordinator">What is asked.</param>
/// <param name="isFleet">True: changes go on without us. False: the coordinator lives in this process and ends with it.</param>
/// <param name="context">The context's name; <c>local</c> without one.</param>
/// <param name="close">Embedded: stops at a safe point first, which may take as long as the step under way.</param>
internal sealed class CoordinatorConnection(ICoordinator coordinator, bool isFleet, string context, Func<ValueTask> close) : IAsyncDisposable
{
    public ICoordinator Coordinator { get; } = coordinator;

    public bool IsFleet { get; } = isFleet;

    public string Context { get; } = context;

    public ValueTask DisposeAsync() => close();
}
