namespace Orchestrator.Actors;

public interface IActorRefFactory
{
    /// <exception cref="InvalidActorNameException">The name is taken or has illegal characters.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    ActorSelection ActorSelection(ActorPath actorPath);

    ActorSelection ActorSelection(string actorPath);
}
