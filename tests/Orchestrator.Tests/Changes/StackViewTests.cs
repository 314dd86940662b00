using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Tests.Planning;

namespace Orchestrator.Tests.Changes;

/// <summary>The line of <c>ls</c>.</summary>
public sealed class StackViewTests
{
    private static readonly ServiceSpec Old = World.Service("web", "app:v1", 2);
    private static readonly ServiceSpec New = World.Service("web", "app:v2", 2);

    [Theory]
    [InlineData(RevisionState.Aborted, "aborted")]
    [InlineData(RevisionState.Failed, "failed")]
    [InlineData(RevisionState.Superseded, "superseded")]
    public void Stack_whose_every_slot_is_served_is_not_degraded(RevisionState revision, string said)
    {
        var view = View(revision, World.Hosts("h1").Run("h1", Old, 1).Run("h1", New, 2));

        Assert.Equal((said, 2, 2), (view.State, view.ReplicasServing, view.ReplicasDesired));
        Assert.Equal($"web serves with 2 of 2, 1 of them of the old revision {World.IdOf(Old)[..8]}", view.Detail);
    }

    [Fact]
    public void Degraded_stack_says_what_is_not_served()
    {
        var view = View(RevisionState.Aborted, World.Hosts("h1").Run("h1", New, 1).Run("h1", Old, 1));

        Assert.Equal(("degraded", 1, 2, "web serves with 1 of 2"), (view.State, view.ReplicasServing, view.ReplicasDesired, view.Detail));
    }

    [Fact]
    public void Surplus_of_one_service_does_not_make_up_for_another()
    {
        var db = World.Service("db");
        var fleet = World.Hosts("h1").Run("h1", New, 1).Run("h1", New, 2).Run("h1", New, 3);
        var view = View(RevisionState.Good, fleet, New, db);

        Assert.Equal(("degraded", "db serves with 0 of 1"), (view.State, view.Detail));
    }

    [Fact]
    public void Stack_that_serves_as_it_is_wanted_is_stable_and_needs_no_words()
    {
        var view = View(RevisionState.Good, World.Hosts("h1").Run("h1", New, 1).Run("h1", New, 2));

        Assert.Equal(("stable", null), (view.State, view.Detail));
    }

    private static StackView View(RevisionState state, FleetSnapshot fleet, params ServiceSpec[] services)
    {
        var current = World.Revision(2, services.Length == 0 ? [New] : services) with { State = state };
        return CoordinatorViews.Of(new StackState(new StackHead { Stack = World.Stack, Current = 2, LastRevision = 2 }, [current], null, null), fleet, World.Start);
    }
}
