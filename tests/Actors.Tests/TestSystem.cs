namespace Orchestrator.Actors.Tests;

/// <summary>The systems each test runs on: the thread pool and, where there is one, the deterministic dispatcher.</summary>
internal static class TestSystem
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    internal static ActorSystem Threads() => ActorSystem.Create("test");

#if !AKKA
    internal static ActorSystem OneThread() => OneThread(seed: 1);

    internal static ActorSystem OneThread(int seed)
    {
        var time = new VirtualTimeProvider();
        return ActorSystem.Create("test", new ActorSystemOptions { TimeProvider = time, Dispatcher = new DeterministicDispatcher(time, seed) });
    }
#endif
}
