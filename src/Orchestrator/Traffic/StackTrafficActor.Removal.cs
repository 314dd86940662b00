using System.Collections.Immutable;
using Orchestrator.Protocol;
using Orchestrator.Store;

namespace Orchestrator.Traffic;

/// <summary>The stack is gone: hosts forget it, and when all have, and nobody waits, this ends.</summary>
internal sealed partial class StackTrafficActor
{
    /// <summary>A stack that leaves waits no longer for hosts to forget it: those that do not answer forget it when they are back.</summary>
    private static readonly TimeSpan RemoveDeadline = TimeSpan.FromSeconds(30);

    private bool isRemoved;

    /// <summary>The version of the empty table by which hosts forget the stack; null: it is not removed, or that is not durable yet.</summary>
    private long? removedWith;

    private async Task RemoveAsync(IActorRef asker)
    {
        isRemoved = true;
        removedWith = null;
        isRefreshDue = false;
        audience = new TrafficAudience();
        excused.Clear();
        switching.Clear();
        yielding.Clear();
        givenUp.Clear();
        barrier.Observe(snapshot);
        try
        {
            await store.CommitAsync([new StoreChange.Delete(Key)], CancellationToken.None);
        }
        catch (Exception e)
        {
            Timers.StartSingleTimer(nameof(RemoveDue), new RemoveDue(asker), Fail(e));
            return;
        }
        marks = marks with { Version = marks.Version + 1, ShownBy = null };
        table = new TrafficTable { Stack = stack, Version = marks.Version, IsRemoved = true };
        change = null;
        shown = "";
        removedWith = marks.Version;
        barrier.Publish([], marks.Version);
        PublishTable();
        Send(HostExtras.None);
        AnswerDelayed();
        Await(marks.Version, asker, Now + RemoveDeadline);
    }

    /// <summary>One that is lost is waited for no longer: it is not told of the stack when it is back.</summary>
    private void ObserveRemoved()
    {
        barrier.Observe(snapshot);
        Send(HostExtras.None);
        Check();
    }

    /// <summary>Nothing is left of the stack that anybody is to be told or waits for.</summary>
    private bool IsEmpty =>
        removedWith is { } version
        && barrier.IsShown(version)
        && publishing.Count + draining.Count + settling.Count + switching.Count + yielding.Count + givenUp.Count + delayed.Count == 0;

    private void Leave()
    {
        if (IsEmpty)
        {
            Context.Stop(Self);
        }
        else
        {
            Context.Parent.Tell(new TrafficMessage.Stays(stack));
        }
    }

    private sealed record RemoveDue(IActorRef Asker);
}
