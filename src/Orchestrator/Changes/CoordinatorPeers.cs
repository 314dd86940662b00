namespace Orchestrator.Changes;

/// <summary>The coordinator's other children that a stack and its rollouts ask.</summary>
/// <param name="Networks">Nobody when there is one host only, whose engine's networks serve.</param>
internal sealed record CoordinatorPeers(IActorRef Fleet, IActorRef Traffic, IActorRef Networks);
