namespace Orchestrator.Actors;

public static class ActorRefs
{
    public static readonly Nobody Nobody = Nobody.Instance;

    public static readonly IActorRef? NoSender;
}
