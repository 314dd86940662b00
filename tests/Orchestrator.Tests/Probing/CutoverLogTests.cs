using Orchestrator.Api;
using Orchestrator.Probing;

namespace Orchestrator.Tests.Probing;

public sealed class CutoverLogTests
{
    private const string Old = "0123456789abcdef";
    private const string New = "fedcba9876543210";

    [Fact]
    public void Batch_has_its_cutovers_with_their_moments_and_the_failures_after_each()
    {
        using var bench = new ProbeBench(maxFailures: 9);
        var log = new CutoverLog(bench.Recorder);

        log.Saw(new ChangeEvent.BatchStarted("web", 1, 2, 1));
        bench.Pass(1);
        log.Saw(Moved(1, New, ReplicaStep.Passed));
        bench.Pass(1);
        log.Saw(Moved(1, Old, ReplicaStep.OldStopped));
        bench.Pass(1);
        log.Saw(new ChangeEvent.BatchStarted("web", 2, 2, 1));
        bench.Pass(1);
        log.Saw(new ChangeEvent.ServiceEnded("web", ChangeOutcome.Done, 2, 0, null));
        bench.Record(0.5);
        bench.Record(1.5);
        bench.Record(2.5, "connection reset");
        bench.Record(3.5, "status 502");
        bench.Record(4.5, "status 502");
        var batches = log.Batches();

        Assert.Equal(["1 of 2: 3, 1 failed, 0 to 3", "2 of 2: 1, 1 failed, 3 to 4"], batches.Select(b => $"{b.Batch} of {b.Batches}: {b.Requests}, {b.Failed} failed, {Second(bench, b.Began)} to {Second(bench, b.Ended)}"));
        Assert.Equal(["Passed web.1 at 1: 0 failed", "Stopped web.1 at 2: 1 failed"], batches[0].Cutovers.Select(c => $"{c.What} {c.Service}.{c.Slot} at {Second(bench, c.At)}: {c.Failed} failed"));
        Assert.Equal((New, "h1"), (batches[0].Cutovers[0].Revision, batches[0].Cutovers[0].Host));
        Assert.Empty(batches[1].Cutovers);
    }

    [Fact]
    public void Old_replica_that_stops_late_belongs_to_the_batch_of_its_slot()
    {
        using var bench = new ProbeBench();
        var log = new CutoverLog(bench.Recorder);

        log.Saw(new ChangeEvent.BatchStarted("web", 1, 2, 1));
        log.Saw(Moved(1, New, ReplicaStep.Creating));
        log.Saw(Moved(1, New, ReplicaStep.Passed));
        log.Saw(new ChangeEvent.BatchStarted("web", 2, 2, 1));
        log.Saw(Moved(1, Old, ReplicaStep.OldStopped));

        Assert.Equal([CutoverKind.Passed, CutoverKind.Stopped], log.Batches()[0].Cutovers.Select(c => c.What));
        Assert.Empty(log.Batches()[1].Cutovers);
    }

    [Fact]
    public void Behind_an_ingress_published_and_drained_are_cutovers()
    {
        using var bench = new ProbeBench();
        var log = new CutoverLog(bench.Recorder);

        log.Saw(new ChangeEvent.BatchStarted("web", 1, 1, 1));
        log.Saw(Moved(1, New, ReplicaStep.Published));
        log.Saw(Moved(1, Old, ReplicaStep.OldDrained));

        Assert.Equal([(CutoverKind.Published, New), (CutoverKind.Drained, Old)], log.Batches()[0].Cutovers.Select(c => (c.What, c.Revision)));
    }

    [Fact]
    public void Step_that_is_reported_again_is_one_cutover()
    {
        using var bench = new ProbeBench();
        var log = new CutoverLog(bench.Recorder);

        log.Saw(new ChangeEvent.BatchStarted("web", 1, 1, 1));
        log.Saw(Moved(1, Old, ReplicaStep.StoppingOld));
        log.Saw(Moved(1, Old, ReplicaStep.StoppingOld));

        Assert.Equal(CutoverKind.Stopping, Assert.Single(log.Batches()[0].Cutovers).What);
    }

    [Fact]
    public void Services_side_by_side_have_batches_of_their_own()
    {
        using var bench = new ProbeBench();
        var log = new CutoverLog(bench.Recorder);

        log.Saw(new ChangeEvent.BatchStarted("web", 1, 1, 1));
        log.Saw(new ChangeEvent.BatchStarted("api", 1, 1, 1));
        bench.Pass(1);
        log.Saw(new ChangeEvent.ServiceEnded("web", ChangeOutcome.Done, 1, 0, null));
        bench.Pass(1);
        log.Saw(new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done"));
        bench.Record(0.5);
        bench.Record(1.5);

        Assert.Equal(["web 1", "api 2"], log.Batches().Select(b => $"{b.Service} {b.Requests}"));
    }

    [Fact]
    public void What_a_service_does_outside_of_batches_is_shown_only_when_it_cuts_over()
    {
        using var bench = new ProbeBench();
        var log = new CutoverLog(bench.Recorder);

        log.Saw(new ChangeEvent.ReplicaMoved("api", 1, "h1", New, ReplicaStep.Pulling, null));
        log.Saw(new ChangeEvent.ReplicaMoved("web", 2, "h1", Old, ReplicaStep.Removed, null));

        var batch = Assert.Single(log.Batches());
        Assert.Equal(("web", 0), (batch.Service, batch.Batch));
    }

    private static ChangeEvent.ReplicaMoved Moved(int slot, string revision, ReplicaStep step) => new("web", slot, "h1", revision, step, null);

    private static double Second(ProbeBench bench, DateTimeOffset at) => Math.Round((at - bench.Clock.Began).TotalSeconds, 2);
}
