using Orchestrator.Api;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Changes;

/// <summary>Before a change begins: it is prepared while what runs or is held goes on, and only one that is accepted ends that.</summary>
internal sealed partial class StackActor
{
    /// <summary>Prepared at once: each asks the fleet. One more, and the oldest is given up.</summary>
    private const int CandidatesMax = 4;

    /// <summary>Being prepared, oldest first.</summary>
    private readonly List<Candidate> candidates = [];

    /// <summary>It is accepted, and begins when what it supersedes has let go and no newer one is being prepared.</summary>
    private Candidate? next;
    private int preparations;

    /// <summary>What is to come after all else that was asked for; null when nothing waits to begin.</summary>
    private Candidate? Newest => candidates.LastOrDefault() ?? next;

    private bool IsAtRest => active is null && repairs.Count == 0 && !isClearing;

    private async Task TakeAsync(ChangeRequest request, IActorRef follower)
    {
        var candidate = new Candidate(request);
        Attach(candidate, follower);
        if (request is ChangeRequest.Remove || isClearing)
        {
            // Nothing can refuse a removal, and nothing is left that a refusal would have to spare.
            GiveUp(candidates.Count);
            await SupersedeAsync(candidate);
            return;
        }
        if (candidates.Count == CandidatesMax)
        {
            GiveUp(1);
        }
        candidates.Add(candidate);
        Prepare(candidate);
    }

    /// <summary>It hears of it what there is to hear, from its beginning on.</summary>
    private void Attach(Candidate candidate, IActorRef follower)
    {
        if (!follower.Equals(ActorRefs.Nobody))
        {
            Context.Watch(follower);
        }
        candidate.Followers.Add(follower);
    }

    private void Prepare(Candidate candidate)
    {
        candidate.Basis = IsAtRest ? head : null;

        // A plan file is compared with what is there, and not with what would be there then.
        var leaves = candidate.Request is ChangeRequest.Apply ? null : active?.Leaving();
        var self = Self;
        Preparation($"{stack}/{head.LastChange + 1}-{++preparations}", candidate.Proof, leaves).PrepareAsync(candidate.Request)
            .PipeTo(self, self, p => new Prepared(candidate, p), e => new PreparationFailed(candidate, e));
    }

    private ChangePreparation Preparation(string id, PreparationProof? proof = null, Predicate<ReplicaSnapshot>? leaves = null) => new(peers, certificates, head, revisions, Now, id, proof, leaves);

    private void PlanOnly(StackMessage.PlanOnly message)
    {
        var sender = Sender;
        if (message.Request is ChangeRequest.Remove or ChangeRequest.Abort or ChangeRequest.Pause or ChangeRequest.Resume or ChangeRequest.Promote or ChangeRequest.Watch)
        {
            sender.Tell(new StackMessage.Rejected(CoordinatorErrorKind.Invalid, "this request needs no plan"));
            return;
        }
        Preparation($"{stack}/plan-{Now.ToUnixTimeMilliseconds()}").PrepareAsync(message.Request)
            .PipeTo(sender, Self, p => new StackMessage.Planned(p.Plan, p.File), Rejection);
    }

    private async Task PreparedAsync(Prepared message)
    {
        var (candidate, change) = message;
        if (!candidates.Contains(candidate))
        {
            return;
        }
        candidate.HasSuperseded |= candidates.Take(candidates.IndexOf(candidate)).Any(c => c.HasSuperseded);
        GiveUp(candidates.IndexOf(candidate));
        candidates.Remove(candidate);
        candidate.Proof = change.Proof;
        if (candidate.Request is ChangeRequest.Rollback rollback)
        {
            // What it supersedes may be a way back itself, which then would be what has yet to be gone back to.
            candidate.Request = rollback with { ToRevision = change.Target.Number };
        }
        if (IsAtRest && candidates.Count == 0 && ReferenceEquals(candidate.Basis, head))
        {
            Replace(candidate);
            next = null;
            await BeginAsync(candidate, change);
        }
        else
        {
            await SupersedeAsync(candidate);
        }
    }

    /// <summary>What runs lets go; what was accepted before and waits for that is done with.</summary>
    private async Task SupersedeAsync(Candidate candidate)
    {
        Replace(candidate);
        EndRepairs();
        if (active is not null)
        {
            candidate.HasSuperseded = true;
            await WindDownAsync(ChangeOutcome.Superseded);
        }
        else
        {
            BeginNext();
        }
    }

    private void Replace(Candidate candidate)
    {
        if (next is { } waiting)
        {
            candidate.HasSuperseded |= waiting.HasSuperseded;
            GiveUp(waiting);
        }
        next = candidate;
    }

    /// <summary>The plan was made while the other change ran, or before: it is made again from what is there now.</summary>
    private void BeginNext()
    {
        if (next is not { } waiting || !IsAtRest || candidates.Count > 0)
        {
            return;
        }
        next = null;
        if (waiting.Request is ChangeRequest.Remove remove)
        {
            BeginRemove(remove, waiting.Followers[0]);
            return;
        }
        candidates.Add(waiting);
        Prepare(waiting);
    }

    /// <summary>It is accepted, and nothing else runs.</summary>
    private async Task BeginAsync(Candidate candidate, PreparedChange change)
    {
        if (change.Plan.IsEmpty && change.Target.Number == head.Current)
        {
            candidate.Followers.ForEach(f => Follow(f, withPast: false));
            Tell(new ChangeEvent.Planned(change.Plan));
            await KeepAsync();
            if (UnpromotedBy(change.Plan) is var unpromoted && unpromoted != head.Unpromoted)
            {
                await SaveAsync(head with { Unpromoted = unpromoted }, [], null);
            }

            // Nothing of the replicas: but an ingress that died with nobody to see it is healed by this very deploy.
            await SettleAsync();
            await MarkGoodAsync(change.Plan);
            Tell(new ChangeEvent.Ended(ChangeOutcome.NothingToDo, head.Current ?? 0, $"stack {stack} is up to date at revision {head.Current}"));
            Observe();
            return;
        }
        try
        {
            // The preparation has only asked what they would be: a refused change, or a mere plan, is given none.
            await Spanning.AskAsync(peers.Networks, change.Target.Spec, change.Fleet);
        }
        catch (AllocationRefusedException e)
        {
            Refused(candidate, new CoordinatorException(CoordinatorErrorKind.Invalid, $"the plan is refused, nothing was changed:\n  {string.Join("\n  ", e.Errors)}"));
            return;
        }
        var files = candidate.Request switch
        {
            ChangeRequest.Deploy deploy => deploy.Certificates,
            ChangeRequest.Apply apply => apply.Certificates,
            _ => [],
        };
        if (!files.IsDefaultOrEmpty)
        {
            await certificates.PutAsync(stack, files);
        }
        candidate.Followers.ForEach(f => Follow(f, withPast: false));
        await StartAsync(change, candidate.Request.By);
    }

    /// <summary>Everything runs as the current revision wants it: whatever it was before, it is good now. But not by a plan that has left out what never was good.</summary>
    private async Task MarkGoodAsync(Plan plan)
    {
        if (Current is { State: not RevisionState.Good } current && ChangeConclusion.Unproven(plan, current, revisions).Count == 0)
        {
            await SaveAsync(head, [current with { State = RevisionState.Good, Detail = null, Stands = null }], null);
        }
    }

    private void Refuse(Candidate candidate, Exception error)
    {
        if (candidates.Remove(candidate))
        {
            Refused(candidate, error);
        }
    }

    /// <summary>It leaves what runs, or is held, as it is, and says so.</summary>
    private void Refused(Candidate candidate, Exception error)
    {
        var rejection = Rejection(error);
        var besides = candidate.HasSuperseded
            ? $"\nThe change before it had been accepted as superseded, and was ended: the stack stays as that left it. `orchestrator ps {stack}` shows how"
            : active is { } change
            ? $"\nThe change of stack {stack} that is {StandingOf(change)} (to revision {change.Record.Plan.TargetRevision}) is left as it is"
            : "";
        foreach (var follower in candidate.Followers)
        {
            followers.Remove(follower);
            follower.Tell(rejection with { Message = rejection.Message + besides });
        }
        if (rejection.Kind == CoordinatorErrorKind.Internal)
        {
            Note(new StackEvent { Kind = StackEventKind.Fault, Message = $"a request failed by a fault of the coordinator's own: {rejection.Message}" });
        }
        if (next is null && candidates.Count == 0 && active is null or { IsPaused: true })
        {
            // Those that watched it being prepared have nothing to wait for.
            followers.Leave((active is { } paused ? PausedEnd(paused) : new ChangeEvent.Ended(ChangeOutcome.NothingToDo, head.Current ?? 0, $"nothing is under way for stack {stack}: what was being prepared was refused")) with { At = Now }, Self);
        }
        if (head.Current is null && revisions.IsEmpty && active is null && next is null && candidates.Count == 0)
        {
            Context.Parent.Tell(new StackMessage.Removed(stack, []));
        }
        BeginNext();
        Observe();
    }

    private static string StandingOf(ActiveChange change) => change.IsPaused ? "paused" : change.HoldReason is not null ? "held" : "under way";

    /// <param name="count">Of those being prepared, from the oldest on.</param>
    private void GiveUp(int count)
    {
        foreach (var older in candidates.Take(count))
        {
            GiveUp(older);
        }
        candidates.RemoveRange(0, count);
    }

    private void GiveUp(Candidate candidate)
    {
        var end = new ChangeEvent.Ended(ChangeOutcome.Superseded, head.Current ?? 0, $"a newer change of stack {stack} came before this one began; nothing of it was done") { At = Now };
        candidate.Followers.ForEach(f => f.Tell(new StackMessage.Followed(end)));
    }

    private StackMessage.Rejected Rejection(Exception error)
    {
        if (error is CoordinatorException known)
        {
            return new StackMessage.Rejected(known.Kind, known.Message);
        }
        LogFault(error, stack);
        return error is AskTimeoutException
            ? new StackMessage.Rejected(CoordinatorErrorKind.Unreachable, "the fleet did not answer in time; see `orchestrator hosts ls`")
            : new StackMessage.Rejected(CoordinatorErrorKind.Internal, error.Message);
    }

    private sealed record Prepared(Candidate Candidate, PreparedChange Change);

    private sealed record PreparationFailed(Candidate Candidate, Exception Error);

    private sealed class Candidate(ChangeRequest request)
    {
        public ChangeRequest Request { get; set; } = request;

        /// <summary>Who asked for it: the first, and those that asked for the same.</summary>
        public List<IActorRef> Followers { get; } = [];

        /// <summary>What its last preparation started from; null when something ran then: what was planned then is no plan to begin with.</summary>
        public StackHead? Basis { get; set; }

        /// <summary>Set once it is accepted.</summary>
        public PreparationProof? Proof { get; set; }

        /// <summary>A change was ended for it.</summary>
        public bool HasSuperseded { get; set; }

        /// <summary>As <see cref="ActiveChange.IsFor"/>; a deploy of some services is the same when it names the same ones.</summary>
        public bool IsFor(ChangeRequest.Deploy deploy) =>
            Request is ChangeRequest.Deploy own
            && own.Services.ToHashSet(StringComparer.Ordinal).SetEquals(deploy.Services)
            && (own.IsAtomic || !deploy.IsAtomic)
            && own.SkipUnreachable == deploy.SkipUnreachable
            && SpecJson.Write(own.Spec) == SpecJson.Write(deploy.Spec);
    }
}
