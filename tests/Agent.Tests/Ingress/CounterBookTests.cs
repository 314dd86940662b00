using System.Collections.Immutable;
using Orchestrator.Agent.Ingress;
using Orchestrator.Agent.Ingress.Runtime;

namespace Orchestrator.Agent.Tests.Ingress;

public sealed class CounterBookTests
{
    private readonly CounterBook _book = new();

    [Fact]
    public void Process_that_has_ended_counts_on_with_what_it_said_last()
    {
        Take(("one", 5));
        Assert.Equal(5, Take(("one", 5), ("two", 0)));
        Assert.Equal(7, Take(("two", 2)));
        Assert.Equal(8, Take(("two", 3)));
    }

    [Fact]
    public void Counts_that_begin_anew_are_added_to_those_before()
    {
        Take(("one", 5));
        Assert.Equal(6, Take(("one", 1)));
        Assert.Equal(6, Take());
        Assert.Equal(8, Take(("one", 2)));
    }

    [Fact]
    public void Reading_that_an_other_has_overtaken_changes_nothing()
    {
        Take(("one", 5));
        var slow = _book.Begin();
        Assert.Equal(7, Take(("two", 2)));
        Assert.Equal(7, Sum(_book.Take(slow, [("one", Stats(5))], known: null)));
        Assert.Equal(8, Take(("two", 3)));
    }

    [Fact]
    public void Endpoint_that_is_gone_is_forgotten()
    {
        Take(("one", 5));
        Assert.Empty(_book.Take(_book.Begin(), [], known: []));
    }

    private static long Sum(ImmutableSortedDictionary<string, EndpointCounters> counters) => counters.Values.Sum(c => c.Requests);

    private static WorkerStats Stats(long requests) => new([], [new ServerStats("shop:web:p80:http", "a:host", "127.0.0.1:80", "UP") { Answers = requests, SessionsTotal = requests }]);

    private long Take(params (string Process, long Requests)[] workers) => Sum(_book.Take(_book.Begin(), workers.Select(worker => (worker.Process, Stats(worker.Requests))), known: null));
}
