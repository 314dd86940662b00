namespace Orchestrator.Actors; public static class Placeholder { } public interface IActorRef { }
