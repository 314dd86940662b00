using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Traffic;
using static Orchestrator.Tests.Planning.World;

namespace Orchestrator.Tests.Planning;

public sealed class StandingRevisionTests
{
    private static readonly ServiceSpec Web = Service("web", "web:v1", replicas: 2);
    private static readonly ServiceSpec NewWeb = BlueGreen(Service("web", "web:v2", replicas: 3));

    [Fact]
    public void Service_stands_where_it_got_to_or_else_where_it_last_was_good()
    {
        var (api, newApi, job) = (Service("api", "api:v1"), Service("api", "api:v2"), Service("job", "job:v1"));
        var good = Revision(1, Web, api);
        var made = Revision(2, NewWeb, newApi, job);

        // The bench's own revisions were good, and that is never taken away.
        var failed = new StackRevision { Number = 2, Created = made.Created, Spec = made.Spec, Services = made.Services, State = RevisionState.Failed, Reached = ["api"] };
        var standing = StandingRevision.Of(failed, [failed, good]);

        Assert.Equal([("api", IdOf(newApi)), ("web", IdOf(Web))], standing.Services.Select(s => (s.Key, s.Value.Id)));
        Assert.Equal([2, 1], standing.Spec.Services.OrderByDescending(s => s.Name, StringComparer.Ordinal).Select(s => s.Deploy.Replicas));
        Assert.Equal(2, standing.Number);
    }

    [Fact]
    public void New_replicas_of_a_blue_green_that_was_not_switched_to_stand_in_no_slot()
    {
        var good = Revision(1, Web);
        var failed = Revision(2, NewWeb);
        var fleet = Hosts("h1", "h2").Run("h1", Web, 1).Run("h2", NewWeb, 3);

        var table = new TrafficTable { Stack = Stack, Version = 1 };

        Assert.Equal(["web"], StandingRevision.Unswitched(failed, good));
        Assert.Empty(StandingRevision.Unswitched(failed, failed));
        Assert.Equal([1], StandingRevision.WithoutStaged(fleet, good, ["web"], table).Replicas(Stack).Select(r => r.Replica.Key.Slot));
        Assert.Equal(2, StandingRevision.WithoutStaged(fleet, good, [], table).Replicas(Stack).Count());
    }

    private static ServiceSpec BlueGreen(ServiceSpec service) => service with { Deploy = service.Deploy with { Strategy = new StrategySpec { Kind = StrategyKind.BlueGreen } } };
}
