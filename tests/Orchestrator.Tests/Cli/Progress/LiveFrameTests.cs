using Orchestrator.Api;
using Orchestrator.Cli.Progress;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Tests.Cli.Progress;

public sealed class LiveFrameTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private readonly ChangeProgress _progress = new();

    public LiveFrameTests()
    {
        Apply(0, new ChangeEvent.Planned(new Plan
        {
            Stack = "shop",
            TargetRevision = 2,
            Services =
            [
                new() { Service = "db", Action = ServiceAction.None },
                new() { Service = "web", Action = ServiceAction.Update, Slots = [Slot(1), Slot(2), Slot(3)] },
                new() { Service = "worker", Action = ServiceAction.Create, Slots = [Slot(1)] },
            ],
        }));
        Apply(0, new ChangeEvent.ServiceStarted("web", ServiceAction.Update, 3));
        Apply(0, new ChangeEvent.BatchStarted("web", 1, 2, 2));
        Apply(0, Moved(1, ReplicaStep.Starting));
        Apply(1, Moved(1, ReplicaStep.Passed));
        Apply(1, Moved(2, ReplicaStep.Gating, "probe: refused"));
        Apply(3, Moved(2, ReplicaStep.Gating, "probe: exit code 1"));
    }

    [Fact]
    public void Frame_shows_each_service_and_the_replicas_at_work()
    {
        Assert.Equal(
            """
            web     updating      1/3  batch 1 of 2  4.0 s
              web.1     h1  passed
              web.2     h1  gating           3.0 s  probe: exit code 1
            worker  waiting       0/1
            """.ReplaceLineEndings("\n"),
            Text(4, height: 20));
    }

    [Fact]
    public void Frame_shows_failures_and_what_is_waited_for()
    {
        Apply(4, new ChangeEvent.ReplicaFailed("web", 2, "h1", "b", new FailureReport { Stage = ReplicaStage.Gate, Message = "exited" }));
        Apply(5, new ChangeEvent.Waiting("db", TimeSpan.FromSeconds(7)));

        Assert.Equal(
            """
            web     updating      1/3, 1 failed  batch 1 of 2  5.0 s
              web.1     h1  passed
              web.2     h1  failed                  exited
            worker  waiting       0/1
            waiting for db (7.0 s)
            """.ReplaceLineEndings("\n"),
            Text(5, height: 20));
    }

    [Fact]
    public void Frame_without_room_drops_finished_replicas_first()
    {
        Assert.Equal(
            """
            web     updating      1/3  batch 1 of 2  4.0 s
              web.2     h1  gating           3.0 s  probe: exit code 1
            worker  waiting       0/1
            """.ReplaceLineEndings("\n"),
            Text(4, height: 4));
    }

    [Fact]
    public void Frame_never_exceeds_the_height()
    {
        for (var slot = 1; slot <= 50; slot++)
            Apply(4, Moved(slot, ReplicaStep.Gating));

        for (var height = 1; height < 60; height++)
            Assert.True(LiveFrame.Lines(_progress, _start, height).Length <= height, $"height {height}");
    }

    [Fact]
    public void Frame_during_a_rollback_says_so_and_counts_anew()
    {
        Apply(4, new ChangeEvent.RollbackStarted("web", "a", "1 failed"));

        Assert.StartsWith("web     rolling back  0/3  4.0 s", Text(4, height: 20), StringComparison.Ordinal);
    }

    private static SlotPlan Slot(int slot) => new() { Slot = slot, Action = SlotAction.Create, Host = "h1" };

    private static ChangeEvent.ReplicaMoved Moved(int slot, ReplicaStep step, string? detail = null) => new("web", slot, "h1", "b", step, detail);

    private void Apply(double seconds, ChangeEvent change) => _progress.Apply(change, _start + TimeSpan.FromSeconds(seconds));

    private string Text(double seconds, int height) => string.Join('\n', LiveFrame
        .Lines(_progress, _start + TimeSpan.FromSeconds(seconds), height)
        .Select(l => string.Concat(l.Select(p => p.Text)).TrimEnd()));
}
