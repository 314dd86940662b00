using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Templates.Resources;
using Orchestrator.Agent.Traffic;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Templates;

/// <summary>One resource: a pass for each new traffic, again after a failure and at each audit; one pass at a time.</summary>
/// <remarks>
/// A proxy that is not ours cannot say when its connections have ended. An endpoint that drains counts as drained here its drain timeout after the pass that loaded a
/// configuration without it: nginx's reload returns before its new workers have taken over, and its old ones finish their requests against the old replica.
/// </remarks>
internal sealed partial class TemplateActor : EngineCaller
{
    private const string RetryTimer = "retry";
    private const string AuditTimer = "audit";

    private readonly TemplateResource _resource;
    private readonly TemplateOptions _options;
    private readonly TemplatePass _pass;
    private readonly ILogger _log;
    private readonly Dictionary<string, bool> _draining = new(StringComparer.Ordinal);
    private TemplateMessage.Show? _wanted;
    private ImmutableSortedDictionary<string, string> _keys = TrafficKeys.Empty;
    private DateTimeOffset _since;
    private string? _written;
    private bool _busy;
    private int _failures;

    public TemplateActor(TemplateResource resource, TemplateOptions options, TimeProvider time, ILogger log)
    {
        _resource = resource;
        _options = options;
        _pass = new TemplatePass(resource, options, time);
        _log = log;
        Receive<TemplateMessage.Show>(OnShow);
        Receive<Again>(_ => Begin());
        Receive<DrainOver>(OnDrainOver);
    }

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(AuditTimer, new Again(), _options.AuditInterval);
        Context.Parent.Tell(new TemplateMessage.Ready(_resource.Name));
    }

    private void OnShow(TemplateMessage.Show show)
    {
        _wanted = show;
        var keys = show.Traffic.Stacks.Values.SelectMany(stack => TrafficKeys.Of(stack.Table)).ToImmutableSortedDictionary(StringComparer.Ordinal);
        if (!_resource.StoreOf(keys).Keys.SequenceEqual(_resource.StoreOf(_keys).Keys)) _since = Now;
        _keys = keys;

        // What drains no more may come to drain again later, and then has its time anew.
        var draining = DrainingHere(show.Traffic).Select(endpoint => endpoint.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var id in _draining.Keys.Where(id => !draining.Contains(id)).ToArray())
        {
            _draining.Remove(id);
            Timers.Cancel(DrainTimer(id));
        }

        TellDrained();
        Begin();
    }

    private void Begin()
    {
        if (_busy || _wanted is not { } wanted) return;
        _busy = true;
        Timers.Cancel(RetryTimer);
        var (keys, since) = (_keys, _since);
        Call(
            $"template {_resource.Name}",
            TemplatePass.DurationMax(_options),
            cancellation => Task.Run(() => _pass.RunAsync(keys, since, cancellation), cancellation),
            outcome => OnDone(wanted, outcome),
            error => OnFailed(wanted, error));
    }

    private void OnDone(TemplateMessage.Show shown, TemplateOutcome outcome)
    {
        _busy = false;
        _failures = 0;
        if (outcome.Changed && outcome.Text == _written) LogEdited(_resource.Name, _resource.Destination);
        if (outcome.Changed) LogWritten(_resource.Name, _resource.Destination, outcome.Reloaded, shown.Number);
        else if (outcome.Reloaded) LogReloaded(_resource.Name, _resource.Destination, shown.Number);
        _written = outcome.Text;
        Context.Parent.Tell(new TemplateMessage.Shown(_resource.Name, shown.Number));
        foreach (var endpoint in DrainingHere(shown.Traffic)) StartDrain(endpoint);
        TellDrained();
        if (_wanted != shown) Begin();
    }

    private void OnFailed(TemplateMessage.Show shown, Exception error)
    {
        _busy = false;
        _failures++;
        var pause = DoublingPause.After(_failures, _options.RetryMin, _options.RetryMax);
        LogFailed(_resource.Name, _failures, Durations.Text(pause), error.Message);
        Context.Parent.Tell(new TemplateMessage.Failing(_resource.Name, error.Message));

        // New traffic may be what mends it.
        if (_wanted != shown) Begin();
        else Timers.StartSingleTimer(RetryTimer, new Again(), pause);
    }

    private IEnumerable<Endpoint> DrainingHere(HostTraffic traffic) =>
        from pair in traffic.Services
        where _resource.Touches(pair.Stack, pair.Service.Service)
        from endpoint in pair.Service.Endpoints
        where endpoint.State == EndpointState.Draining
        select endpoint;

    private void StartDrain(Endpoint endpoint)
    {
        // Newer traffic, not loaded yet, may have taken it back into service.
        var isWanted = DrainingHere(_wanted!.Traffic).Any(other => other.Id == endpoint.Id);
        if (!isWanted || !_draining.TryAdd(endpoint.Id, false)) return;
        var time = _resource.Drain ?? endpoint.DrainTimeout;
        if (time <= TimeSpan.Zero) _draining[endpoint.Id] = true;
        else Timers.StartSingleTimer(DrainTimer(endpoint.Id), new DrainOver(endpoint.Id), time);
    }

    private void OnDrainOver(DrainOver over)
    {
        if (!_draining.ContainsKey(over.Endpoint)) return;
        _draining[over.Endpoint] = true;
        TellDrained();
    }

    /// <summary>What the template cannot see drains at once.</summary>
    private void TellDrained()
    {
        var here = DrainingHere(_wanted!.Traffic).Select(endpoint => endpoint.Id).ToHashSet(StringComparer.Ordinal);
        var elsewhere = _wanted.Traffic.Draining.Select(endpoint => endpoint.Id).Where(id => !here.Contains(id));
        Context.Parent.Tell(new TemplateMessage.Drained(_resource.Name, _wanted.Number, [.. elsewhere, .. here.Where(id => _draining.GetValueOrDefault(id))]));
    }

    private static string DrainTimer(string endpoint) => "drain-" + endpoint;

    private sealed record Again;

    private sealed record DrainOver(string Endpoint);
}
