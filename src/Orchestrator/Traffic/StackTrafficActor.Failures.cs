using System.Data.Common;
using Orchestrator.Networks;
using Orchestrator.Store;

namespace Orchestrator.Traffic;

/// <summary>What fails for a while is tried again here; after a fault of the program the next incarnation goes on for those who wait.</summary>
internal sealed partial class StackTrafficActor
{
    /// <summary>Nobody who waits asks again: what they have asked for is the first that the next incarnation hears, before what was told since.</summary>
    protected override void PreRestart(Exception reason, object? message)
    {
        Stash.Prepend([.. Waiting()]);
        base.PreRestart(reason, message);
    }

    /// <summary>What is wanted is not stored here.</summary>
    protected override void PostRestart(Exception reason)
    {
        Context.Parent.Tell(new TrafficMessage.Restarted(stack));
        Timers.StartSingleTimer(nameof(Load), new Load(), StoreRetry.Pause(1));
    }

    private IEnumerable<Envelope> Waiting()
    {
        foreach (var (asked, asker, _) in delayed)
        {
            yield return new Envelope(asked, asker);
        }
        foreach (var waiting in publishing)
        {
            yield return new Envelope(new TrafficMessage.Publish(waiting.Replica, waiting.Host), waiting.ReplyTo);
        }
        foreach (var pending in switching.Values)
        {
            foreach (var asked in pending.To.GroupBy(t => t.ReplyTo))
            {
                yield return new Envelope(new TrafficMessage.Switch([.. asked.Select(t => (t.Replica, t.Host))], pending.From), asked.Key);
            }
        }
        foreach (var waiting in draining)
        {
            yield return new Envelope(new TrafficMessage.Drain(waiting.Replica, waiting.Host), waiting.ReplyTo);
        }
        foreach (var (asked, asker) in yielding.Select(y => (y.Asked, y.ReplyTo)).Concat(givenUp))
        {
            yield return new Envelope(asked, asker);
        }
        foreach (var asker in isRemoved ? settling.Select(s => s.ReplyTo).DefaultIfEmpty(ActorRefs.Nobody) : [])
        {
            yield return new Envelope(new TrafficMessage.Remove(stack), asker);
        }
        foreach (var waiting in isRemoved ? [] : settling)
        {
            yield return new Envelope(new TrafficMessage.Settle(stack), waiting.ReplyTo);
        }
    }

    /// <summary>What a store throws that cannot read or write, and what is thrown where others do not answer, or could not store.</summary>
    private static bool IsPassing(Exception error) => error is DbException or IOException or StoreConflictException or AskTimeoutException or AllocationRefusedException or OperationCanceledException;

    /// <summary>
    /// The store, and those whom this asks, may fail for a while: hosts keep the last table, what was told stays told, and it is tried again. A fault of the
    /// program is none of that, and goes to the supervisor.
    /// </summary>
    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (IsPassing(e))
        {
            isRefreshDue = true;
            Timers.StartSingleTimer(nameof(RefreshDue), new RefreshDue(), Fail(e));
        }
    }

    /// <returns>How long to wait.</returns>
    private TimeSpan Fail(Exception cause)
    {
        LogFailed(cause, stack, ++failures);
        return StoreRetry.Pause(failures);
    }

    /// <param name="answer">Once it is durable.</param>
    private async Task KeepAsync(TrafficMessage asked, IActorRef asker, Action answer)
    {
        var waiting = (asked, asker, answer);
        delayed.Add(waiting);
        await TryAsync(KeepMarksAsync);
        if (!isMarked && delayed.Remove(waiting))
        {
            answer();
        }
    }

    private void AnswerDelayed()
    {
        failures = 0;
        var answers = delayed.ToList();
        delayed.Clear();
        answers.ForEach(a => a.Answer());
    }
}
