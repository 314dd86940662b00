using System.Collections.Immutable;
using Orchestrator.Api;
using Orchestrator.Fleet;
using Orchestrator.Networks;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Traffic;

namespace Orchestrator.Changes;

/// <summary>From a request to a plan: which specification is wanted, its images pinned, the fleet looked at. Changes nothing.</summary>
/// <param name="proof">Of an earlier preparation of the same request, which was accepted: what it has found out is not asked again.</param>
/// <param name="leaves">Replicas that the change under way has begun, and that go when it is superseded: they are in nobody's way.</param>
internal sealed class ChangePreparation(CoordinatorPeers peers, CertificateBook certificates, StackHead head, ImmutableArray<StackRevision> revisions, DateTimeOffset now, string id, PreparationProof? proof = null, Predicate<ReplicaSnapshot>? leaves = null)
{
    /// <summary>Longer than the agent's own bound on a registry's answer.</summary>
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(45);

    /// <summary>A fresh snapshot waits for hosts to be heard of or given up, and then for their inventories.</summary>
    public static readonly TimeSpan FleetTimeout = TimeSpan.FromSeconds(60);

    private readonly IActorRef fleet = peers.Fleet;
    private readonly List<string> warnings = [.. proof?.Warnings ?? []];

    /// <summary>Questions about images that no agent answered: nothing is known of those images.</summary>
    private readonly HashSet<string> unanswered = new(StringComparer.Ordinal);

    private StackRevision? Current => revisions.FirstOrDefault(r => r.Number == head.Current);

    /// <summary>Throws <see cref="CoordinatorException"/> when the request cannot be met.</summary>
    public async Task<PreparedChange> PrepareAsync(ChangeRequest request)
    {
        if (head.IsRemoving && request is not (ChangeRequest.Deploy or ChangeRequest.Apply))
        {
            throw new CoordinatorException(CoordinatorErrorKind.Conflict, $"stack {head.Stack} is being removed; `orchestrator rm {head.Stack}` tries again at once, and a deploy keeps the stack");
        }
        // An agent that is being restarted is back in a second; one that is not is down soon, and then it counts what the host has.
        var snapshot = await fleet.Ask<FleetSnapshot>(new FleetMessage.GetFleet(head.Stack, AwaitsLinks: !request.SkipUnreachable), FleetTimeout);
        if (!snapshot.Hosts.Values.Any(h => h.State == HostState.Ready))
        {
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, snapshot.Hosts.IsEmpty
                ? "the fleet has no hosts; install an agent on each with `orchestrator-agent join`, or use `--context local` for this machine's engine"
                : $"no host answers: {string.Join(", ", snapshot.Hosts.Values.Select(h => $"{h.Name} is {h.State.ToString().ToLowerInvariant()}"))}; see `orchestrator hosts ls`");
        }
        if (!snapshot.Hosts.Values.Any(h => h.IsSchedulable))
        {
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"no engine answers: {string.Join("; ", snapshot.Hosts.Values.Where(h => h.Facts?.EngineError is not null).Select(h => $"{h.Name}: {h.Facts!.EngineError}"))}");
        }
        var state = PlanState.Of(snapshot, head.Stack, head.Current, head.LastRevision);
        var given = (request as ChangeRequest.Apply)?.File;
        if (request is ChangeRequest.Apply apply)
        {
            await RequireUsableAsync(apply, state);
            request = DeployOf(apply.File);
        }
        snapshot = Left(Reachable(request, snapshot));
        var (kind, target) = request switch
        {
            ChangeRequest.Deploy deploy => (ChangeKind.Deploy, await DeployAsync(deploy, snapshot, given?.Images ?? proof?.Images)),
            ChangeRequest.Scale scale => (ChangeKind.Scale, Scaled(scale)),
            ChangeRequest.Rollback rollback => (ChangeKind.Rollback, GoBack(rollback)),
            _ => throw new CoordinatorException(CoordinatorErrorKind.Internal, $"a {request.GetType().Name} request needs no plan"),
        };
        var result = Planner.Plan(new PlanInput
        {
            Stack = head.Stack,
            Current = Current,
            Target = target,
            Fleet = snapshot,
            GoodRevisions = StackRevision.Good(revisions),
            StandsAt = Current is { } before ? StandingRevision.Of(before, revisions).Services.ToImmutableDictionary(s => s.Key, s => s.Value.Id) : ImmutableDictionary<string, string>.Empty,
            OutOfTraffic = kind == ChangeKind.Rollback ? [] : await OutOfTrafficAsync(target, snapshot),
            Only = request is ChangeRequest.Deploy { Services: var only } ? only : [],
            IsRollback = kind == ChangeKind.Rollback,
        });
        if (result.Plan is null)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"the plan is refused, nothing was changed:\n  {string.Join("\n  ", result.Errors)}");
        }
        // What was good and is carried out once more alters nothing that could go back.
        var isAtomic = (request is ChangeRequest.Deploy { IsAtomic: true } || (kind is ChangeKind.Deploy or ChangeKind.Scale && target.Spec.IsAtomic))
            && !(target.WasGood && target.Number == head.Current);
        var plan = isAtomic ? RollBackWhole(result.Plan) : PauseWithoutWayBack(result.Plan, target.Number);
        if (given is not null && PlanDrift(given.Plan, plan) is { Length: > 0 } drift)
        {
            throw Drifted(drift);
        }
        var asked = await PreflightAsync(kind, plan, target, snapshot);
        plan = plan with { Warnings = [.. warnings.Concat(plan.Warnings).Distinct(StringComparer.Ordinal)] };
        return new PreparedChange(kind, target, plan, snapshot, new PreparationProof(PinsOf(target), asked, [.. warnings.Distinct(StringComparer.Ordinal)]), request is ChangeRequest.Deploy planned ? FileOf(planned, target, plan, state) : null, isAtomic);
    }

    /// <summary>Asked for a blue-green alone, which switches from what takes the traffic: history does not tell that of a change that ended half way.</summary>
    private async Task<ImmutableHashSet<string>> OutOfTrafficAsync(StackRevision target, FleetSnapshot snapshot)
    {
        if (Current is null || !target.Spec.Services.Any(s => s.Deploy.Strategy.Kind == StrategyKind.BlueGreen))
        {
            return [];
        }
        var standing = await peers.Traffic.Ask<TrafficMessage.StandingReport>(new TrafficMessage.GetStanding(head.Stack), FleetTimeout);
        return [.. snapshot.Replicas(head.Stack)
            .Select(r => (Id: TrafficTables.Id(r.Replica.Key, r.Host.Name), Name: TrafficTables.Name(r.Replica.Key)))
            .Where(r => standing.TakenOut.Contains(r.Id) || standing.HeldBack.Contains(r.Name))
            .Select(r => r.Id)];
    }

    private FleetSnapshot Left(FleetSnapshot snapshot) => leaves is null
        ? snapshot
        : snapshot.Without(snapshot.Replicas(head.Stack).Where(r => leaves(r.Replica)));

    /// <summary>Every reason at once why the plan cannot go well. On a way back what a host says is a warning: it must not be held up.</summary>
    /// <returns>What each host was asked, by this preparation or the one before it.</returns>
    private async Task<ImmutableSortedDictionary<string, AgentCommand.Preflight>> PreflightAsync(ChangeKind kind, Plan plan, StackRevision target, FleetSnapshot snapshot)
    {
        var asked = proof?.Asked ?? ImmutableSortedDictionary.Create<string, AgentCommand.Preflight>(StringComparer.Ordinal);
        var errors = new List<string>();
        AllocationMessage.Allocated? spanning = null;
        try
        {
            spanning = await Spanning.ProposeAsync(peers.Networks, target.Spec, snapshot);
        }
        catch (AllocationRefusedException e)
        {
            errors.AddRange(e.Errors);
        }
        var listeners = await peers.Traffic.Ask<TrafficMessage.ListenersChecked>(new TrafficMessage.CheckListeners(head.Stack, [.. Listener.Of(target.Spec), .. Listener.OfHosts(target.Spec)]), FleetTimeout);
        errors.AddRange(listeners.Conflicts);
        if (!plan.IsEmpty || target.Number != head.Current)
        {
            var requests = PreflightRequests.Of(plan, target, Current, snapshot, spanning);
            var open = requests.RemoveRange(requests.Where(r => PreflightRequests.IsAnswered(r.Value, asked.GetValueOrDefault(r.Key))).Select(r => r.Key));
            var verdict = await new PreflightRound(fleet, id).RunAsync(open);
            asked = asked.SetItems(open);
            warnings.AddRange(verdict.Warnings);
            (kind == ChangeKind.Rollback ? warnings : errors).AddRange(verdict.Errors);
        }
        if (errors.Count > 0)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"the plan is refused, nothing was changed:\n  {string.Join("\n  ", errors)}");
        }
        return asked;
    }

    /// <summary>The fleet to plan with; refuses when the change needs a host that does not answer.</summary>
    private FleetSnapshot Reachable(ChangeRequest request, FleetSnapshot snapshot)
    {
        if (request.SkipUnreachable)
        {
            return HostReach.Without(snapshot);
        }
        IEnumerable<ServiceSpec> current = Current?.Spec.Services ?? [];
        var (wanted, isWhole) = request switch
        {
            ChangeRequest.Deploy deploy => (deploy.Spec.Services.Where(s => IsInScope(deploy, s.Name)), deploy.Services.IsEmpty),
            ChangeRequest.Scale scale => (current.Where(s => scale.Replicas.ContainsKey(s.Name)), false),
            _ => (current, true),
        };
        var missing = HostReach.Missing(snapshot, head.Stack, [.. wanted], isWhole);
        return missing.IsEmpty
            ? snapshot
            : throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"hosts that this change needs do not answer, nothing was changed:\n  {string.Join("\n  ", missing)}\nbring them back (see `orchestrator hosts ls`), remove a lost one with `orchestrator hosts rm`, or go on without them with --skip-unreachable: what they have of the stack is put right when they are back");
    }

    private async Task RequireUsableAsync(ChangeRequest.Apply request, PlanState now)
    {
        var file = request.File;
        if (file.Fault() is { } fault)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"the plan file cannot be applied: {fault}");
        }
        // What it has superseded since has changed the state itself; the plan is compared all the same.
        if (proof is null && CanonicalJson.Digest(now, ApiJson.Default.PlanState) != file.StateSha256)
        {
            throw Drifted([.. file.State.DriftTo(now)]);
        }
        var known = await certificates.GetAsync(head.Stack, file.Spec.Certificates.Keys);
        var missing = file.Spec.Certificates.Values.Where(c => known.All(k => k.Id != c.Id) && request.Certificates.All(k => k.Id != c.Id)).Select(c => string.Join(", ", c.Names)).ToList();
        if (missing.Count > 0)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"the plan's certificate for {string.Join("; ", missing)} is not known here, and no plan file has private keys: name the stack's file again, as in `orchestrator apply PLANFILE --file stack.yaml`");
        }
    }

    private static CoordinatorException Drifted(IReadOnlyList<string> drift) => new(
        CoordinatorErrorKind.Conflict,
        $"the plan does not fit any more, nothing was changed:\n  {string.Join("\n  ", drift)}\nmake the plan again, look at it, and apply that");

    /// <summary>The same state, and yet another plan: other stacks have taken or left room, or another release plans otherwise.</summary>
    private static string[] PlanDrift(Plan then, Plan now)
    {
        string Text(Plan plan) => CanonicalJson.Text(plan with { Warnings = [] }, ApiJson.Default.Plan);
        if (Text(then) == Text(now))
        {
            return [];
        }
        var services = then.Services.Concat(now.Services).Select(s => s.Service).Distinct(StringComparer.Ordinal)
            .Where(name => Text(then with { Services = [.. then.Services.Where(s => s.Service == name)] }) != Text(now with { Services = [.. now.Services.Where(s => s.Service == name)] }))
            .ToList();
        return [$"{(services.Count == 0 ? "the stack" : $"service {string.Join(", ", services)}")} would be changed in another way now: other stacks have taken or left room on the hosts, or the coordinator is another release"];
    }

    private static ChangeRequest.Deploy DeployOf(PlanFile file) => new()
    {
        Stack = file.Stack,
        Spec = file.Spec,
        Services = file.Services,
        ForceRecreate = file.ForceRecreate,
        IsAtomic = file.IsAtomic,
        SkipUnreachable = file.SkipUnreachable,
    };

    private static PlanFile FileOf(ChangeRequest.Deploy request, StackRevision target, Plan plan, PlanState state) => new PlanFile
    {
        Stack = request.Stack,
        Spec = request.Spec,
        Services = request.Services,
        ForceRecreate = request.ForceRecreate,
        IsAtomic = request.IsAtomic,
        SkipUnreachable = request.SkipUnreachable,
        Images = PinsOf(target).RemoveRange(target.Services.Keys.Where(s => !IsInScope(request, s))),
        State = state,
        Plan = plan,
    }.Sealed();

    private static ImmutableSortedDictionary<string, PinnedImage> PinsOf(StackRevision target) =>
        target.Services.ToImmutableSortedDictionary(s => s.Key, s => new PinnedImage(s.Value.Image, s.Value.ImageHosts), StringComparer.Ordinal);

    /// <summary>What an atomic change goes back to: as above, else the revision that was current, though it never was good; null removes what the change has created.</summary>
    public static int? RevertTarget(ImmutableArray<StackRevision> revisions, int? current, int target) =>
        RollbackTarget(revisions, current, target)?.Number ?? (current != target && revisions.Any(r => r.Number == current) ? current : null);

    /// <summary>A failure that would pause ends the atomic change as well, and sends it back.</summary>
    private static Plan RollBackWhole(Plan plan) => plan with
    {
        Services = [.. plan.Services.Select(s => s.Policy.FailureAction == FailureAction.Pause ? s with { Policy = s.Policy with { FailureAction = FailureAction.Rollback } } : s)],
    };

    /// <summary>
    /// The revision a failed service goes back to: the one that was current if it was good, else the good one that this was made from. None for a
    /// good revision that is carried out once more: an older one would replace what is well.
    /// </summary>
    public static StackRevision? RollbackTarget(ImmutableArray<StackRevision> revisions, int? current, int target)
    {
        var good = revisions.Where(r => r.WasGood).ToList();
        if (current == target && good.Exists(r => r.Number == target))
        {
            return null;
        }
        good.RemoveAll(r => r.Number == target);
        return good.Find(r => r.Number == current)
            ?? revisions.FirstOrDefault(r => r.Number == current)?.GoodBefore(good)
            ?? good.Where(r => r.Number < target).MaxBy(r => r.Number);
    }

    private Plan PauseWithoutWayBack(Plan plan, int target)
    {
        var back = RollbackTarget(revisions, head.Current, target);
        var isAgain = target == head.Current && Current is { WasGood: true };
        var services = plan.Services.Select(service =>
        {
            if (service.Action == ServiceAction.None || service.Policy.FailureAction != FailureAction.Rollback || back?.Services.ContainsKey(service.Service) == true)
            {
                return service;
            }
            warnings.Add(isAgain
                ? $"service {service.Service}: failure_action is rollback and revision {target} is the good one itself: a failure pauses the rollout"
                : $"service {service.Service}: failure_action is rollback and there is no good revision to go back to yet: a failure pauses the rollout, to be mended and deployed again, or removed with `orchestrator rm {head.Stack}`");
            return service with { Policy = service.Policy with { FailureAction = FailureAction.Pause } };
        });
        return plan with { Services = [.. services] };
    }

    /// <param name="pins">Of a plan file: registries are not asked again.</param>
    private async Task<StackRevision> DeployAsync(ChangeRequest.Deploy request, FleetSnapshot snapshot, ImmutableSortedDictionary<string, PinnedImage>? pins)
    {
        var unknown = request.Services.Where(s => request.Spec.Services.All(x => x.Name != s)).ToList();
        if (unknown.Count > 0)
        {
            throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"stack {request.Stack} has no service {string.Join(", ", unknown)}; it has {string.Join(", ", request.Spec.Services.Select(s => s.Name))}");
        }
        var spec = Merge(request);
        var services = ImmutableSortedDictionary.CreateBuilder<string, ServiceRevision>(StringComparer.Ordinal);
        var resolved = new Dictionary<(string, PullPolicy), (string Image, ImmutableArray<string> Hosts)>();
        foreach (var service in spec.Services)
        {
            if (IsInScope(request, service.Name) is false && Current?.Services.GetValueOrDefault(service.Name) is { } kept)
            {
                services.Add(service.Name, kept);
                continue;
            }
            if (pins?.GetValueOrDefault(service.Name) is { } pin)
            {
                services.Add(service.Name, RevisionOf(spec, service, pin.Image, pin.Hosts, request.ForceRecreate));
                continue;
            }
            var key = (service.Container.Image, service.PullPolicy);
            if (!resolved.TryGetValue(key, out var image))
            {
                resolved[key] = image = await ResolveAsync(service, snapshot);
            }
            services.Add(service.Name, RevisionOf(spec, service, image.Image, image.Hosts, request.ForceRecreate));
        }
        return Numbered(spec, services.ToImmutable());
    }

    /// <summary>Services that were not named keep what they have; those the stack does not have yet are left out.</summary>
    private StackSpec Merge(ChangeRequest.Deploy request)
    {
        if (request.Services.IsEmpty || Current is null)
        {
            return request.Services.IsEmpty ? request.Spec : request.Spec with { Services = [.. request.Spec.Services.Where(s => IsInScope(request, s.Name))] };
        }
        var untouched = Current.Spec.Services.Where(s => !IsInScope(request, s.Name));
        return request.Spec with
        {
            Services = [.. request.Spec.Services.Where(s => IsInScope(request, s.Name)), .. untouched],
            Networks = Current.Spec.Networks.SetItems(request.Spec.Networks),
            Volumes = Current.Spec.Volumes.SetItems(request.Spec.Volumes),
            Certificates = Current.Spec.Certificates.SetItems(request.Spec.Certificates),
        };
    }

    private static bool IsInScope(ChangeRequest.Deploy request, string service) => request.Services.IsEmpty || request.Services.Contains(service, StringComparer.Ordinal);

    private StackRevision Scaled(ChangeRequest.Scale request)
    {
        if (Current is not { } current)
        {
            throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"there is no stack {request.Stack}");
        }
        var spec = current.Spec;
        foreach (var (name, replicas) in request.Replicas)
        {
            var service = spec.Services.FirstOrDefault(s => s.Name == name)
                ?? throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"stack {request.Stack} has no service {name}; it has {string.Join(", ", spec.Services.Select(s => s.Name))}");
            if (service.Deploy.Mode == ServiceMode.Global)
            {
                throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"service {name} is global: it has one replica on each eligible host and cannot be scaled");
            }
            if (service.Container.ContainerName is not null && replicas > 1)
            {
                throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"service {name} has container_name {service.Container.ContainerName}, which can exist only once; remove it to scale");
            }
            if (service.Container.Networks.FirstOrDefault(n => (n.Ipv4Address ?? n.Ipv6Address) is not null) is { } network && replicas > 1)
            {
                throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"service {name} has the address {network.Ipv4Address ?? network.Ipv6Address} on network {network.Network}, which can be taken only once; remove it to scale");
            }
            spec = spec with { Services = spec.Services.Replace(service, service with { Deploy = service.Deploy with { Replicas = replicas } }) };
        }
        return Numbered(spec, current.Services);
    }

    private StackRevision GoBack(ChangeRequest.Rollback request)
    {
        if (request.ToRevision is { } number)
        {
            return revisions.FirstOrDefault(r => r.Number == number)
                ?? throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"stack {request.Stack} has no revision {number}; it has {string.Join(", ", revisions.Select(r => r.Number).Order())}");
        }
        // A good revision whose last attempt was ended or failed has yet to be gone back to.
        var unfinished = Current is { WasGood: true, State: not RevisionState.Good } ? Current : null;
        return (unfinished is { State: RevisionState.Running or RevisionState.Paused } ? null : unfinished)
            ?? Current?.GoodBefore(revisions)
            ?? unfinished
            ?? throw new CoordinatorException(CoordinatorErrorKind.Conflict, $"stack {request.Stack} has no earlier revision that was good; see `orchestrator history {request.Stack}`");
    }

    /// <summary>The current revision itself when nothing in it would differ.</summary>
    private StackRevision Numbered(StackSpec spec, ImmutableSortedDictionary<string, ServiceRevision> services)
    {
        var candidate = new StackRevision { Number = head.LastRevision + 1, Created = now, Spec = spec, Services = services, State = RevisionState.Running, GoodBase = (Current is { WasGood: true } ? Current : Current?.GoodBefore(revisions))?.Number };
        return Current is { } current && SpecJson.Write(current.Spec) == SpecJson.Write(spec) && SameServices(current.Services, services) ? current : candidate;
    }

    private static bool SameServices(ImmutableSortedDictionary<string, ServiceRevision> a, ImmutableSortedDictionary<string, ServiceRevision> b) =>
        a.Count == b.Count && a.All(s => b.TryGetValue(s.Key, out var other) && other.Id == s.Value.Id && other.Image == s.Value.Image);

    private ServiceRevision RevisionOf(StackSpec spec, ServiceSpec service, string image, ImmutableArray<string> hosts, bool force)
    {
        var hash = ConfigHash.Of(spec, service, image);
        var before = Current?.Services.GetValueOrDefault(service.Name);
        var count = force ? (before?.ForceCount ?? 0) + 1 : before?.ConfigHash == hash ? before.ForceCount : 0;
        return new ServiceRevision
        {
            Id = count == 0 ? hash : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{hash}#{count}"))),
            ConfigHash = hash,
            Image = image,
            ImageHosts = hosts,
            ForceCount = count,
        };
    }

    /// <summary>One host asks the registry; an image that was built locally is looked for on every host.</summary>
    private async Task<(string Image, ImmutableArray<string> Hosts)> ResolveAsync(ServiceSpec service, FleetSnapshot snapshot)
    {
        var revision = new ServiceRevision { Id = "", ConfigHash = "", Image = "" };
        var hosts = snapshot.Hosts.Values.Where(h => PlacementFilter.Refusal(h, service, revision) is null).Select(h => h.Name).ToList();
        if (hosts.Count == 0)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"service {service.Name}: no host is eligible: {string.Join("; ", snapshot.Hosts.Values.Select(h => $"{h.Name}: {PlacementFilter.Refusal(h, service, revision)}"))}");
        }
        var first = await AskAsync(hosts[0], service);
        if (first is { Pinned: { } pinned, LocalOnly: false })
        {
            Note(first.Warning);
            return (pinned, []);
        }
        var answers = new List<(string Host, AgentEvent.ImageResolved Answer)> { (hosts[0], first) };
        answers.AddRange(await Task.WhenAll(hosts.Skip(1).Select(async h => (h, await AskAsync(h, service)))));
        if (answers.FirstOrDefault(a => a.Answer is { Pinned: not null, LocalOnly: false }) is { Answer: { } fromRegistry } other)
        {
            Note(other.Answer.Warning);
            return (fromRegistry.Pinned!, []);
        }
        var local = answers.Where(a => a.Answer.Pinned is not null).ToList();
        if (local.Count == 0 && !answers.Exists(a => unanswered.Contains(a.Answer.CommandId)))
        {
            // The pull will say so on each host, and the service's failure_action decides what becomes of it, as for every other replica that cannot start.
            warnings.Add($"service {service.Name}: {first.Error}; the rollout is going to fail at its pull{(first.IsMissing ? "" : " unless the registry answers by then")}");
            return (service.Container.Image, []);
        }
        if (local.Count == 0)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"service {service.Name}: image {service.Container.Image} cannot be used, nothing was changed: {string.Join("; ", answers.Select(a => $"{a.Host}: {a.Answer.Error}").Distinct())}");
        }
        var id = local[0].Answer.Pinned!;
        var same = local.Where(a => a.Answer.Pinned == id).Select(a => a.Host).ToImmutableArray();
        if (snapshot.Hosts.Count > 1)
        {
            warnings.Add($"service {service.Name}: image {service.Container.Image} was built locally and is only on {string.Join(", ", same)}; push it to a registry to use every host");
        }
        Note(local[0].Answer.Warning);
        return (id, same);
    }

    private async Task<AgentEvent.ImageResolved> AskAsync(string host, ServiceSpec service)
    {
        var command = new AgentCommand.ResolveImage { CommandId = $"{id}/resolve/{host}/{service.Name}", Reference = service.Container.Image, Policy = service.PullPolicy };
        try
        {
            if (await fleet.Ask<FleetMessage>(new FleetMessage.Send(host, command), ResolveTimeout) is FleetMessage.Answered { Event: AgentEvent.ImageResolved resolved })
            {
                return resolved;
            }
            Unanswered(command);
            return new AgentEvent.ImageResolved { CommandId = command.CommandId, Error = "the host was lost" };
        }
        catch (AskTimeoutException)
        {
            Unanswered(command);
            return new AgentEvent.ImageResolved { CommandId = command.CommandId, Error = $"no answer within {ResolveTimeout.TotalSeconds:0} s" };
        }
    }

    /// <summary>Hosts are asked side by side.</summary>
    private void Unanswered(AgentCommand command)
    {
        lock (unanswered)
        {
            unanswered.Add(command.CommandId);
        }
    }

    private void Note(string? warning)
    {
        if (warning is not null && !warnings.Contains(warning, StringComparer.Ordinal))
        {
            warnings.Add(warning);
        }
    }
}

/// <param name="Target">The revision the stack is to have; the current one itself when only replicas have to be repaired.</param>
/// <param name="Fleet">What the plan was made with.</param>
/// <param name="File">To carry out exactly this later; null unless it is a deploy.</param>
internal sealed record PreparedChange(ChangeKind Kind, StackRevision Target, Plan Plan, FleetSnapshot Fleet, PreparationProof Proof, PlanFile? File = null, bool IsAtomic = false);

/// <summary>What an accepted preparation has found out that the end of another change of the stack does not alter.</summary>
/// <param name="Images">By service.</param>
/// <param name="Asked">What each host was asked, and had nothing against.</param>
internal sealed record PreparationProof(ImmutableSortedDictionary<string, PinnedImage> Images, ImmutableSortedDictionary<string, AgentCommand.Preflight> Asked, ImmutableArray<string> Warnings);
