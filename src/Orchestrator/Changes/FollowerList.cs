using Orchestrator.Api;

namespace Orchestrator.Changes;

/// <summary>Who watches a change, and what has happened in it so far for who comes later.</summary>
internal sealed class FollowerList
{
    /// <summary>A follower that comes late sees at most this much of the past; the plan tells the rest.</summary>
    private const int PastMax = 2_000;

    private readonly HashSet<IActorRef> followers = [];
    private readonly Queue<ChangeEvent> past = new();

    /// <summary>Those that follow while a change is held, too; they may be no followers yet.</summary>
    private readonly HashSet<IActorRef> staying = [];

    /// <summary>How the last change ended; null before the first.</summary>
    public ChangeEvent.Ended? Last { get; private set; }

    /// <summary>When the last event was told; null with nobody there.</summary>
    public DateTimeOffset? QuietSince { get; private set; }

    /// <summary>After a restart: who asks how the last change ended is answered from its record.</summary>
    public void Restore(ChangeRecord? last, StackHead head)
    {
        if (last is { Outcome: { } outcome })
        {
            Last = new ChangeEvent.Ended(outcome, head.Current ?? 0, last.Message ?? "");
        }
    }

    public void Add(IActorRef follower, bool withPast, IActorRef self)
    {
        followers.Add(follower);
        if (withPast)
        {
            foreach (var happened in past)
            {
                follower.Tell(new StackMessage.Followed(happened), self);
            }
        }
    }

    public void Remove(IActorRef follower)
    {
        followers.Remove(follower);
        staying.Remove(follower);
    }

    /// <summary>It goes on following when the change is held.</summary>
    public void Stays(IActorRef follower) => staying.Add(follower);

    /// <summary>The change is held: that is all for those that do not stay. It has not ended.</summary>
    public void Rest(ChangeEvent.Ended held, IActorRef self)
    {
        foreach (var follower in followers.Where(f => !staying.Contains(f)).ToList())
        {
            follower.Tell(new StackMessage.Followed(held), self);
            followers.Remove(follower);
        }
    }

    /// <summary>The end of a change ends the following.</summary>
    public void Tell(ChangeEvent happened, IActorRef self)
    {
        if (happened is ChangeEvent.Accepted)
        {
            past.Clear();
        }
        past.Enqueue(happened);
        if (past.Count > PastMax)
        {
            past.Dequeue();
        }
        QuietSince = happened.At;
        Send(happened, self);
        if (happened is ChangeEvent.Ended ended)
        {
            Last = ended;
            past.Clear();
            staying.ExceptWith(followers);
            followers.Clear();
        }
    }

    /// <summary>Nothing comes that they could wait for; how the last change ended stays what it was.</summary>
    public void Leave(ChangeEvent.Ended end, IActorRef self)
    {
        Send(end, self);
        staying.ExceptWith(followers);
        followers.Clear();
    }

    /// <summary>A sign of life: shown, not remembered.</summary>
    public void Beat(ChangeEvent.Waiting sign, IActorRef self) => Send(sign, self);

    private void Send(ChangeEvent happened, IActorRef self)
    {
        foreach (var follower in followers)
        {
            follower.Tell(new StackMessage.Followed(happened), self);
        }
    }
}
