namespace Orchestrator.Actors;

/// <summary>Makes the actor throw <see cref="ActorKilledException"/>, for its supervisor to decide.</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill()
    {
    }

    public static Kill Instance { get; } = new();

    public override string ToString() => "<Kill>";
}
