using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Orchestrator.Changes;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Api;

/// <summary>The coordinator in this process: asks its actors.</summary>
public sealed class ActorCoordinator(ActorSystem system, IActorRef coordinator, CoordinatorVersion version, Func<string, TimeSpan, string>? createToken = null, TimeProvider? time = null) : ICoordinator
{
    /// <summary>How late a reader that follows hears of an event, at most.</summary>
    private static readonly TimeSpan EventsInterval = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider time = time ?? TimeProvider.System;

    /// <summary>A reader this far behind is cut off rather than let the coordinator's memory grow.</summary>
    private const int EventsMax = 10_000;

    /// <summary>Plans wait for hosts and registries, each with a shorter bound of its own.</summary>
    private static readonly TimeSpan PlanTimeout = TimeSpan.FromMinutes(3);

    /// <summary>Every host that shows the service has to acknowledge, or to be given up.</summary>
    private static readonly TimeSpan MaintenanceTimeout = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(30);

    public Task<CoordinatorVersion> VersionAsync(CancellationToken cancellation) => Task.FromResult(version);

    public async Task<Plan> PlanAsync(ChangeRequest request, CancellationToken cancellation) =>
        (await AskAsync<StackMessage.Planned>(new StackMessage.PlanOnly(request), PlanTimeout, cancellation)).Plan;

    public async Task<PlanFile> PlanFileAsync(ChangeRequest.Deploy request, CancellationToken cancellation) =>
        (await AskAsync<StackMessage.Planned>(new StackMessage.PlanOnly(request), PlanTimeout, cancellation)).File!;

    public async Task<StackDiff> DiffAsync(DiffQuery query, CancellationToken cancellation) => StackDiffing.Of(query, await StateAsync(query.Stack, cancellation));

    public async IAsyncEnumerable<ChangeEvent> ChangeAsync(ChangeRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var channel = Channel.CreateBounded<StackMessage>(EventsMax);
        var follower = system.ActorOf(Props.Create(() => new FollowerActor(channel.Writer)));
        try
        {
            coordinator.Tell(new StackMessage.Change(request, follower), follower);
            await foreach (var message in channel.Reader.ReadAllAsync(cancellation))
            {
                if (message is StackMessage.Rejected rejected)
                {
                    throw new CoordinatorException(rejected.Kind, rejected.Message);
                }
                var happened = ((StackMessage.Followed)message).Event;
                yield return happened;
                if (happened is ChangeEvent.Ended)
                {
                    yield break;
                }
            }
        }
        finally
        {
            system.Stop(follower);
        }
    }

    public async Task<ImmutableArray<ReplicaView>> ReplicasAsync(string? stack, bool all, CancellationToken cancellation)
    {
        ImmutableArray<StackState> states = stack is not null
            ? [await StateAsync(stack, cancellation)]
            : await AskAsync<ImmutableArray<StackState>>(new StackMessage.GetStates(), ReadTimeout, cancellation);
        var names = states.ToDictionary(s => s.Head.Stack, CoordinatorViews.ImageNames, StringComparer.Ordinal);
        var none = new Dictionary<(string, string), string>();
        var loops = states.SelectMany(s => s.CrashLoops, (s, loop) => ((s.Head.Stack, loop.Key.Service, loop.Key.Slot), loop.Value)).ToDictionary(l => l.Item1, l => l.Value);
        var inMaintenance = states.SelectMany(s => s.Head.InMaintenance, (s, service) => (s.Head.Stack, service)).ToHashSet();
        var fleet = await FleetAsync(cancellation);
        return [.. from host in fleet.Hosts.Values
                   from replica in host.Replicas.Values
                   where stack is null || replica.Key.Stack == stack
                   where all || replica.State != ReplicaState.Retained
                   orderby replica.Key.Stack, replica.Key.Service, replica.Key.Slot, replica.Key.Revision, host.Name
                   select CoordinatorViews.Of(host, replica, names.GetValueOrDefault(replica.Key.Stack, none)) with
               {
                   InMaintenance = inMaintenance.Contains((replica.Key.Stack, replica.Key.Service)),
                   CrashLoop = replica.State == ReplicaState.Retained ? null : loops.GetValueOrDefault((replica.Key.Stack, replica.Key.Service, replica.Key.Slot)),
               }];
    }

    public async Task<ImmutableArray<StackView>> StacksAsync(CancellationToken cancellation)
    {
        var fleet = await FleetAsync(cancellation);
        var states = await AskAsync<ImmutableArray<StackState>>(new StackMessage.GetStates(), ReadTimeout, cancellation);
        return [.. states.Where(s => s.Head.Current is not null).Select(s => CoordinatorViews.Of(s, fleet, time.GetUtcNow()))];
    }

    public async Task<ImmutableArray<RevisionView>> HistoryAsync(string stack, CancellationToken cancellation)
    {
        var state = await StateAsync(stack, cancellation);
        return [.. state.Revisions.Select(r => CoordinatorViews.Of(r, state))];
    }

    public async Task<ImmutableArray<HostView>> HostsAsync(CancellationToken cancellation)
    {
        var fleet = await AskAsync<FleetSnapshot>(new FleetMessage.PeekFleet(), ReadTimeout, cancellation);
        if (fleet.Hosts.IsEmpty && version.Mode == CoordinatorViews.Embedded)
        {
            fleet = await FleetAsync(cancellation);
        }
        return [.. fleet.Hosts.Values.Select(CoordinatorViews.Of)];
    }

    public async IAsyncEnumerable<LogView> LogsAsync(LogsQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var state = await StateAsync(query.Stack, cancellation);
        var known = state.Revisions.FirstOrDefault(r => r.Number == state.Head.Current)?.Services.Keys.ToImmutableArray() ?? [];
        var unknown = query.Services.Where(s => !known.Contains(s, StringComparer.Ordinal)).ToList();
        if (unknown.Count > 0)
        {
            throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"stack {query.Stack} has no service {string.Join(", ", unknown)}; it has {string.Join(", ", known)}");
        }
        await FleetAsync(cancellation);
        // What is in the channel is bounded by the credit each replica's stream has.
        var channel = Channel.CreateUnbounded<LogBatch>();
        var (target, writer) = (coordinator, channel.Writer);
        var reader = system.ActorOf(Props.Create(() => new LogReaderActor(query, target, writer)));
        try
        {
            await foreach (var batch in channel.Reader.ReadAllAsync(cancellation))
            {
                foreach (var line in batch.Lines)
                {
                    yield return line;
                }
                reader.Tell(new LogReaderActor.Read(batch.Host, batch.CommandId));
            }
        }
        finally
        {
            system.Stop(reader);
        }
    }

    public async IAsyncEnumerable<StackEvent> EventsAsync(EventsQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var after = ImmutableDictionary<string, EventMark>.Empty;
        while (true)
        {
            var found = await AskAsync<StackMessage.EventsFound>(new StackMessage.GetEvents(query.Stack, after, query.Since), ReadTimeout, cancellation);
            foreach (var happened in found.Events)
            {
                yield return happened;
                after = after.SetItem(happened.Stack, new EventMark(happened.Number, happened.At));
            }
            if (!query.Follow)
            {
                yield break;
            }
            await Task.Delay(EventsInterval, time, cancellation);
        }
    }

    public async Task<ExplanationView> ExplainAsync(string stack, string? service, CancellationToken cancellation) =>
        (await AskAsync<StackMessage.Explained>(new StackMessage.Explain(stack, service), ReadTimeout, cancellation)).View;

    public async Task<MaintenanceView> SetMaintenanceAsync(MaintenanceRequest request, CancellationToken cancellation)
    {
        if (request.Hold is { } hold && (!request.On || hold <= TimeSpan.Zero || hold > MaintenanceRequest.HoldMax))
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"maintenance of {request.Stack}/{request.Service}: requests can be held for up to {MaintenanceRequest.HoldMax.TotalMinutes:0} min, and only while it is on");
        }
        var message = new StackMessage.SetMaintenance(request.Stack, request.Service, request.On, request.Hold, request.By);
        var set = await AskAsync<StackMessage.MaintenanceSet>(message, MaintenanceTimeout, cancellation);
        return new MaintenanceView(request.Stack, request.Service, request.On, request.Hold, set.Version);
    }

    public Task<string> CreateTokenAsync(string role, TimeSpan lifetime, CancellationToken cancellation) => createToken is null
        ? throw new CoordinatorException(CoordinatorErrorKind.Invalid, "there is no fleet here to join: this is the local engine; start a coordinator with `orchestrator serve --init`")
        : Task.FromResult(createToken(role, lifetime));

    public async Task RemoveHostAsync(string host, CancellationToken cancellation)
    {
        var answer = await AskAsync<FleetMessage.HostForgotten>(new FleetMessage.Forget(host), ReadTimeout, cancellation);
        if (answer.Error is not null)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, answer.Error);
        }
    }

    private Task<FleetSnapshot> FleetAsync(CancellationToken cancellation) => AskAsync<FleetSnapshot>(new FleetMessage.GetFleet(), ReadTimeout, cancellation);

    private Task<StackState> StateAsync(string stack, CancellationToken cancellation) => AskAsync<StackState>(new StackMessage.GetState(stack), ReadTimeout, cancellation);

    private async Task<TAnswer> AskAsync<TAnswer>(object question, TimeSpan timeout, CancellationToken cancellation)
    {
        object answer;
        try
        {
            answer = await coordinator.Ask<object>(question, timeout, cancellation);
        }
        catch (AskTimeoutException e)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Unreachable, $"the coordinator did not answer within {timeout.TotalSeconds:0} s; see its log, and `orchestrator hosts ls`", e);
        }
        return answer switch
        {
            TAnswer expected => expected,
            StackMessage.Rejected rejected => throw new CoordinatorException(rejected.Kind, rejected.Message),
            Status.Failure failure => throw new CoordinatorException(CoordinatorErrorKind.Internal, failure.Cause.Message, failure.Cause),
            _ => throw new CoordinatorException(CoordinatorErrorKind.Internal, $"unexpected answer {answer.GetType().Name}"),
        };
    }
}
