using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Cli.Rendering;

public sealed class PlanTextTests
{
    private static readonly Plan _plan = new()
    {
        Stack = "shop",
        BaseRevision = 4,
        TargetRevision = 5,
        Services =
        [
            new() { Service = "db", Action = ServiceAction.None, FromRevision = "dddddddddddd", ToRevision = "dddddddddddd" },
            new()
            {
                Service = "web",
                Action = ServiceAction.Update,
                Reason = "image web:v1 → web:v2",
                FromRevision = "aaaaaaaaaaaa",
                ToRevision = "bbbbbbbbbbbb",
                Policy = new() { Parallelism = 2, Order = UpdateOrder.StartFirst, Delay = TimeSpan.FromSeconds(10), FailureAction = FailureAction.Rollback },
                After = [new() { Service = "db", Condition = DependencyCondition.Healthy }],
                Slots =
                [
                    new() { Slot = 1, Action = SlotAction.Replace, Host = "h1", Old = [new("h1", "aaaaaaaaaaaa", true)] },
                    new() { Slot = 2, Action = SlotAction.Replace, Host = "h2", Old = [new("h3", "aaaaaaaaaaaa", false)], Reason = "h3 is down" },
                    new() { Slot = 3, Action = SlotAction.Create, Host = "h1", Reason = "missing" },
                ],
            },
            new()
            {
                Service = "old",
                Action = ServiceAction.Remove,
                Reason = "no longer in the file",
                FromRevision = "cccccccccccc",
                Slots = [new() { Slot = 1, Action = SlotAction.Remove, Old = [new("h2", "cccccccccccc", true)] }],
            },
        ],
        Warnings = ["h3 is down"],
    };

    [Fact]
    public void Plan_shows_per_service_why_and_per_host_what() => Assert.Equal(
        """
        shop: revision 4 → 5

        SERVICE  ACTION     REVISION             WHY
        db       no change  dddddddd
        web      update     aaaaaaaa → bbbbbbbb  image web:v1 → web:v2
        old      remove     cccccccc →           no longer in the file
        web: 2 at a time, what is new at once, new first, 10 s between batches, monitored for 5.0 s; on failure roll back; after db is healthy

        h1
          ~ web.1  replace aaaaaaaa
          + web.3  create: missing

        h2
          + web.2  create, comes from h3: h3 is down
          - old.1  remove

        h3
          - web.2  remove, goes to h2

        1 replica to create, 2 to replace, 1 to remove
        warning: h3 is down
        """.ReplaceLineEndings("\n"),
        string.Join('\n', PlanText.Lines(_plan, new Paint(false))));

    [Fact]
    public void Strategy_of_an_update_is_said()
    {
        var plan = _plan with { Services = [.. _plan.Services.Where(s => s.Service == "web").Select(s => s with { Strategy = new(StrategyKind.Canary, 1, TimeSpan.FromMinutes(5)) })] };

        Assert.Contains(
            "web: 2 at a time, what is new at once, new first, 10 s between batches, monitored for 5.0 s; canary: 1 of 3 first, held 5m; on failure roll back; after db is healthy",
            PlanText.Lines(plan, new Paint(false)));
    }

    [Fact]
    public void Empty_plan_says_so_and_keeps_its_warnings() => Assert.Equal(
        ["shop: nothing to do, it is as asked (revision 4)", "warning: h3 is down"],
        PlanText.Lines(new() { Stack = "shop", BaseRevision = 4, TargetRevision = 4, Warnings = ["h3 is down"] }, new Paint(false)));

    [Fact]
    public void Change_that_replaces_no_replica_is_shown_all_the_same() => Assert.Equal(
        """
        shop: revision 4 → 5

        SERVICE  ACTION     REVISION  WHY
        web      no change  aaaaaaaa  routes changed, no replica is replaced

        no replica changes
        """.ReplaceLineEndings("\n"),
        string.Join('\n', PlanText.Lines(
            new()
            {
                Stack = "shop",
                BaseRevision = 4,
                TargetRevision = 5,
                Services = [new() { Service = "web", Action = ServiceAction.None, Reason = "routes changed, no replica is replaced", FromRevision = "aaaaaaaaaaaa", ToRevision = "aaaaaaaaaaaa" }],
            },
            new Paint(false))));

    [Fact]
    public void First_deploy_says_so() => Assert.Equal(
        "shop: first deploy, revision 1",
        PlanText.Lines(_plan with { BaseRevision = null, TargetRevision = 1 }, new Paint(false)).First());
}
