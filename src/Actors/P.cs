namespace Orchestrator.Actors; public static class Placeholder { }
