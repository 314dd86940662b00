namespace Orchestrator.Actors.TestKit; public static class Placeholder2 { }
