using Orchestrator.Networks;
using static Orchestrator.Tests.Changes.StackBench;

namespace Orchestrator.Tests.Changes;

/// <summary>A coordinator whose store cannot be read when it is started.</summary>
public sealed class StoreOutageTests
{
    [Fact]
    public void Coordinator_waits_for_its_store_without_asking_it_again_and_again_and_then_goes_on()
    {
        using var bench = new StackBench(new OverlayOptions(), ["h1", "h2"]);
        bench.Deploy(Spec(Service("web")));
        bench.Store.FailedReads = 10_000;
        var before = bench.Store.Reads;

        bench.CrashAndRestart();
        bench.Advance(60);
        Assert.InRange(bench.Store.Reads - before, 20, 60);

        bench.Store.FailedReads = 0;
        bench.Advance(30);
        Assert.Equal("web.1=app:v1", bench.Running);
        Assert.Equal(1, bench.State.Head.Current);
        bench.Deploy(Spec(Service("web", "app:v2")));
        Assert.Equal("web.1=app:v2", bench.Running);
    }
}
