using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Planning;
using Orchestrator.Rollouts;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>A change that is held before its promotion.</summary>
internal sealed partial class StackActor
{
    /// <summary>The record tells a command that only looks, in another process, what is held.</summary>
    private async Task HeldAsync(RolloutMessage.Held message)
    {
        if (active is not { } change || !change.IsFrom(message.Service, Sender))
        {
            return;
        }
        change.Held(message);
        await SaveAsync(head, [], change.Record);
        await ConcludeAsync();
    }

    private async Task ContinuedAsync(RolloutMessage.Continued message)
    {
        if (active is not { } change || !change.IsFrom(message.Service, Sender))
        {
            return;
        }
        var held = change.Record.Held;
        change.Continued(message.Service);
        var lifted = NoLongerPaused(change);
        if (change.Record.Held.Count != held.Count || !lifted.IsEmpty)
        {
            await SaveAsync(head, lifted, change.Record);
        }
    }

    /// <summary>Only when all have answered is it known whether the change goes on, is held or is paused again: they answer one by one.</summary>
    private async Task ResumedAsync(string service)
    {
        if (active is { } change && change.IsFrom(service, Sender) && change.Resumed(service))
        {
            await ConcludeAsync();
        }
    }

    private async Task RecoveredAsync(RolloutMessage.Recovered message)
    {
        if (active?.IsFrom(message.Service, Sender) == true)
        {
            active.Recovered(message.Service);

            // One that failed over a resume does not answer any more, and has just said where its journal left it.
            await ResumedAsync(message.Service);
        }
        if (active is not { IsRecovering: true })
        {
            Stash.UnstashAll();
        }
    }

    /// <summary>The revision, when it is recorded as paused and the change is not: some service goes on, or all that are left are held.</summary>
    private ImmutableArray<StackRevision> NoLongerPaused(ActiveChange change) =>
        !change.IsPaused && revisions.FirstOrDefault(r => r.Number == change.Record.Plan.TargetRevision) is { State: RevisionState.Paused }
            ? SetState(change.Record.Plan.TargetRevision, RevisionState.Running, null)
            : [];

    private async Task PromoteAsync(ChangeRequest.Promote request, IActorRef follower)
    {
        if (active is not { } change || change.Promote(request.Service) is { IsEmpty: true })
        {
            followers.Remove(follower);
            follower.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Conflict, NothingHeld(request)));
            return;
        }
        await SaveAsync(head, [], change.Record);
        Follow(follower, withPast: false);
        Tell(new ChangeEvent.Accepted(stack, ChangeId(change.Record), change.Record.Plan.TargetRevision));
        Timers.StartPeriodicTimer(nameof(Heartbeat), new Heartbeat(), HeartbeatInterval);
    }

    private string NothingHeld(ChangeRequest.Promote request)
    {
        var what = request.Service is { } service ? $"service {service} of stack {stack}" : $"stack {stack}";
        return active switch
        {
            null => $"{what} has nothing to promote: no change is under way",
            { HoldReason: { } held } => $"{what} has nothing to promote; held is {held}",
            { IsPaused: true } => $"{what} has nothing to promote: the change is paused; see `orchestrator ls`",
            var change => $"{what} has nothing to promote yet; waiting for {change.WaitsFor()}; follow it with `orchestrator watch {stack}`",
        };
    }

    /// <summary>Who does not wait for a promotion has seen the end of what goes on by itself.</summary>
    private void TellHeld()
    {
        if (active is { IsHeld: true } change)
        {
            followers.Rest(new ChangeEvent.Ended(ChangeOutcome.Held, change.Record.Plan.TargetRevision, HeldMessage(change)) { At = Now }, Self);
        }
    }

    private string HeldMessage(ActiveChange change) =>
        $"held on the way to revision {change.Record.Plan.TargetRevision}: {change.HoldReason}; `orchestrator rollback {stack}` goes back";
}
