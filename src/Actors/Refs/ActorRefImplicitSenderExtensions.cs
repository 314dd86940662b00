namespace Orchestrator.Actors;

public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Tells with the actor that is running on this thread, if any, as the sender.</summary>
    public static void Tell(this IActorRef receiver, object message) =>
        receiver.Tell(message, ActorCell.Current?.Self);

    /// <summary>Passes the message on under its original sender.</summary>
    public static void Forward(this IActorRef receiver, object message) =>
        receiver.Tell(message, ActorCell.Current?.SenderOrNull);
}
