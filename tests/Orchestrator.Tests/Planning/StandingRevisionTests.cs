using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using static Orchestrator.Tests.Planning.World;

namespace Orchestrator.Tests.Planning;

public sealed class StandingRevisionTests
{
    private static readonly ServiceSpec Web = Service("web", "web:v1", replicas: 2);
    private static readonly ServiceSpec NewWeb = Service("web", "web:v2", replicas: 3);
    private static readonly StackRevision Good = Revision(1, Web, Service("api", "api:v1"));

    [Fact]
    public void Service_stands_in_the_revision_that_is_kept_for_it()
    {
        var newApi = Service("api", "api:v2");
        var failed = Failed(2, ("api", 2), ("web", 1), ("gone", 7));
        var standing = StandingRevision.Of(failed, [failed, Good]);

        Assert.Equal([("api", IdOf(newApi)), ("web", IdOf(Web))], standing.Services.Select(s => (s.Key, s.Value.Id)));
        Assert.Equal(2, standing.Service("web").Deploy.Replicas);
        Assert.Equal(2, standing.Number);
    }

    [Fact]
    public void Without_a_note_of_it_a_service_stands_in_the_newest_good_revision_that_has_it()
    {
        var failed = Failed(2) with { Stands = null };
        Assert.Equal([("api", 1), ("web", 1)], StandingRevision.NumbersOf(failed, [failed, Good]).Select(s => (s.Key, s.Value)));
    }

    [Fact]
    public void Replicas_that_the_traffic_withholds_stand_in_no_slot()
    {
        var fleet = Hosts("h1", "h2").Run("h1", Web, 1).Run("h2", NewWeb, 3).Run("h2", NewWeb, 2);

        Assert.Equal([1, 2], StandingRevision.WithoutStaged(fleet, Good, ImmutableHashSet.Create($"web/3/{IdOf(NewWeb)}", $"web/1/{IdOf(Web)}")).Replicas(Stack).Select(r => r.Replica.Key.Slot).Order());
        Assert.Equal(3, StandingRevision.WithoutStaged(fleet, Good, ImmutableHashSet<string>.Empty).Replicas(Stack).Count());
    }

    /// <summary>Made anew: that a revision was good is never taken away.</summary>
    private static StackRevision Failed(int number, params (string Service, int Number)[] stands)
    {
        var made = Revision(number, NewWeb, Service("api", "api:v2"), Service("job", "job:v1"));
        return new StackRevision
        {
            Number = number,
            Created = made.Created,
            Spec = made.Spec,
            Services = made.Services,
            State = RevisionState.Failed,
            Stands = stands.ToImmutableSortedDictionary(s => s.Service, s => s.Number, StringComparer.Ordinal),
        };
    }
}
