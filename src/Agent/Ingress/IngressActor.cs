using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Ingress.Runtime;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Traffic;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Ingress;

/// <summary>
/// The sink that shows the host's traffic on its ports. Looks after HAProxy one look at a time, and says what each has found. Before the first
/// <see cref="SinkMessage.Apply"/> it touches nothing, and what it knows it reads anew after a restart.
/// </summary>
internal sealed partial class IngressActor : EngineCaller
{
    public const string SinkName = "ingress";

    /// <summary>A look takes milliseconds; one that pulls the image takes as long as the registry needs.</summary>
    private static readonly TimeSpan LookMax = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan CountersMax = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(5);

    /// <summary>While HAProxy reads a new configuration its socket may be away for a moment: looks in a row that fail before it is told.</summary>
    private const int FailuresQuiet = 4;

    private readonly IngressOptions _options;
    private readonly IngressDriver _driver;
    private readonly ILogger _logger;
    private Wanted? _wanted;
    private bool _isLooking;
    private bool _isDue;
    private int _failures;

    /// <summary>What the sender was told last of its newest traffic; a change of it is told.</summary>
    private long _applied;

    private TrafficProblem? _hindered;
    private ImmutableSortedDictionary<string, TrafficProblem> _refused = ImmutableSortedDictionary<string, TrafficProblem>.Empty;
    private ImmutableHashSet<string>? _drained;

    public IngressActor(IngressOptions options, IEngine engine, RegistryCredentials? credentials, ILogger logger)
        : this(options, new ContainerInstances(engine, options, credentials), HeldPorts.Holder, HasIpv6(), logger)
    {
    }

    /// <param name="holder">Who holds an address of the host; null when it is free.</param>
    internal IngressActor(IngressOptions options, IIngressInstances instances, Func<ListenAddress, string?> holder, bool hasIpv6, ILogger logger)
    {
        _options = options;
        _driver = new IngressDriver(options, instances, holder, hasIpv6);
        _logger = logger;
        Receive<SinkMessage.Apply>(OnApply);
        Receive<Look>(_ => BeginLook());
        Receive<IngressMessage.GetCounters>(OnGetCounters);
    }

    /// <summary>Without a single address, loopback's included, HAProxy could bind none.</summary>
    private static bool HasIpv6() => File.Exists("/proc/net/if_inet6") && File.ReadLines("/proc/net/if_inet6").Any();

    private void OnApply(SinkMessage.Apply apply)
    {
        _wanted = new Wanted(apply.Number, apply.Traffic, Sender);
        _applied = 0;
        _hindered = null;
        _drained = null;
        BeginLook();
    }

    private void BeginLook()
    {
        _isDue = _isLooking;
        if (_isLooking || _wanted is not { } wanted) return;
        _isLooking = true;
        var now = Now;
        Call("looking after the ingress", LookMax, cancellation => _driver.LookAsync(wanted.Traffic, now, cancellation), outcome => OnLooked(wanted, outcome), error => OnFailed(wanted, error));
    }

    private void OnLooked(Wanted wanted, IngressOutcome outcome)
    {
        _failures = 0;
        foreach (var deed in outcome.Deeds) LogDeed(deed);
        if (ReferenceEquals(wanted, _wanted))
        {
            // Of new tables also that nothing is: what was said last may have been of an endpoint that was taken back since.
            if (_drained?.SetEquals(outcome.Drained) != true)
            {
                _drained = outcome.Drained;
                wanted.Asker.Tell(new SinkMessage.Drained(SinkName, outcome.Drained));
            }

            if (outcome.IsShown) TellApplied(wanted, outcome.Refused);
            else if (!outcome.Problems.IsEmpty) TellHindered(wanted, Joined(outcome.Problems));
        }

        EndLook(outcome.Next ?? _options.AuditInterval);
    }

    private void OnFailed(Wanted wanted, Exception error)
    {
        _failures++;
        var problem = error is IngressException { IsFinal: true } final
            ? new TrafficProblem(SinkName, final.Message, IsFinal: true)
            : new TrafficProblem(SinkName, EngineFaults.Text(error), IsFinal: false);
        if (error is not (IngressException or RuntimeException or EngineException or TimeoutException or IOException or UnauthorizedAccessException)) LogFault(error);
        if (ReferenceEquals(wanted, _wanted) && (_failures >= FailuresQuiet || problem.IsFinal)) TellHindered(wanted, problem);
        EndLook(DoublingPause.After(_failures, RetryFirst, RetryMax));
    }

    private void EndLook(TimeSpan pause)
    {
        _isLooking = false;
        if (_isDue) BeginLook();
        else Timers.StartSingleTimer("look", new Look(), pause > TimeSpan.Zero ? pause : TimeSpan.FromMilliseconds(1));
    }

    private void TellApplied(Wanted wanted, ImmutableSortedDictionary<string, TrafficProblem> refused)
    {
        var isSame = refused.SequenceEqual(_refused);
        if (_applied == wanted.Number && _hindered is null && isSame) return;
        LogApplied(wanted.Number);
        if (!isSame)
        {
            foreach (var (stack, problem) in refused) LogRefused(stack, problem.Message);
        }

        _refused = refused;
        _applied = wanted.Number;
        _hindered = null;
        wanted.Asker.Tell(new SinkMessage.Applied(SinkName, wanted.Number) { Refused = refused });
    }

    private void TellHindered(Wanted wanted, TrafficProblem problem)
    {
        if (_hindered == problem) return;
        LogHindered(wanted.Number, problem.Message);
        _hindered = problem;
        wanted.Asker.Tell(new SinkMessage.Hindered(SinkName, wanted.Number, problem));
    }

    /// <summary>Trying again helps as long as it may help with one of them.</summary>
    private static TrafficProblem Joined(ImmutableArray<TrafficProblem> problems) =>
        new(SinkName, string.Join("; ", problems.Select(problem => problem.Message).Distinct(StringComparer.Ordinal)), problems.All(problem => problem.IsFinal));

    private void OnGetCounters(IngressMessage.GetCounters question)
    {
        var asker = Sender;
        Call(
            "reading the ingress's counters",
            CountersMax,
            _driver.ReadAsync,
            counters => asker.Tell(new IngressMessage.Counters(question.Token, counters, null)),
            error => asker.Tell(new IngressMessage.Counters(question.Token, Totals([]), EngineFaults.Text(error))));
    }

    internal static ImmutableSortedDictionary<string, EndpointCounters> Totals(ImmutableArray<WorkerStats> workers) => workers
        .SelectMany(worker => worker.Servers)
        .GroupBy(server => IngressLayout.EndpointId(server.Name), StringComparer.Ordinal)
        .ToImmutableSortedDictionary(
            servers => servers.Key,
            servers => servers.Aggregate(EndpointCounters.None, (sum, server) => sum + new EndpointCounters(server.Requests, server.ServerErrors, server.ConnectionErrors, server.Open, server.SessionsTotal, server.ResponseMs) { Latencies = server.Latencies }),
            StringComparer.Ordinal);

    private sealed record Wanted(long Number, HostTraffic Traffic, IActorRef Asker);

    private sealed record Look;
}
