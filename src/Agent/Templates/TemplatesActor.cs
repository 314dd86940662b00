using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Agent.Templates.Resources;
using Orchestrator.Agent.Traffic;
using Orchestrator.Protocol;
using Orchestrator.Traffic;

namespace Orchestrator.Agent.Templates;

/// <summary>
/// The sink <c>templates</c>: one child per resource of a folder, which is read again at each audit. Traffic is shown when every resource has loaded it; a resource that cannot
/// be read hinders, for the proxy that it is for may still have connections to replicas that are to go.
/// </summary>
internal sealed partial class TemplatesActor : EngineCaller
{
    public const string SinkName = "templates";

    /// <summary>A hundred small files of a local folder.</summary>
    private static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(10);

    private static readonly TemplateResources _none = new([], []);

    private readonly string _folder;
    private readonly TemplateOptions _options;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Dictionary<string, Child> _children = new(StringComparer.Ordinal);
    private TemplateResources _resources = _none;
    private SinkMessage.Apply? _wanted;
    private IActorRef _asker = ActorRefs.Nobody;
    private bool _isRead;
    private string? _unreadable;
    private int _births;
    private long _applied;
    private string? _hindered;
    private ImmutableHashSet<string>? _drained;

    /// <param name="folder">Laid out as confd's; one that does not exist has no resources.</param>
    public TemplatesActor(string folder, TemplateOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        _folder = folder;
        _options = options;
        _time = time;
        _loggers = loggers;
        _logger = loggers.CreateLogger<TemplatesActor>();
        Receive<SinkMessage.Apply>(OnApply);
        Receive<Reread>(_ => Read());
        Receive<TemplateMessage.Ready>(ready => OfChild(ready.Resource, (child, _) => ShowTo(child)));
        Receive<TemplateMessage.Shown>(shown => OfChild(shown.Resource, (child, name) => _children[name] = child with { Number = shown.Number, Problem = null }));
        Receive<TemplateMessage.Failing>(failing => OfChild(failing.Resource, (child, name) => _children[name] = child with { Problem = failing.Message }));
        Receive<TemplateMessage.Drained>(drained => OfChild(drained.Resource, (child, name) => _children[name] = child with { Drained = drained.Endpoints, DrainedNumber = drained.Number }));
    }

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Reread), new Reread(), _options.AuditInterval);
        Read();
    }

    private void OnApply(SinkMessage.Apply apply)
    {
        _wanted = apply;
        _asker = Sender;
        (_applied, _hindered, _drained) = (-1, null, null);
        foreach (var child in _children.Values) ShowTo(child);
        Report();
    }

    private void ShowTo(Child child)
    {
        if (_wanted is { } wanted) child.Actor.Tell(new TemplateMessage.Show(wanted.Number, wanted.Traffic));
    }

    /// <summary>Of a child that was replaced, messages may still come.</summary>
    private void OfChild(string resource, Action<Child, string> change)
    {
        if (!_children.TryGetValue(resource, out var child) || !child.Actor.Equals(Sender)) return;
        change(child, resource);
        Report();
    }

    private void Read() => Call(
        $"reading {_folder}",
        ReadMax,
        cancellation => Task.Run(() => TemplateResources.Load(_folder), cancellation),
        OnRead,
        error =>
        {
            _unreadable = error.Message;
            Report();
        });

    private void OnRead(TemplateResources read)
    {
        var isNew = !_isRead || !read.Errors.SequenceEqual(_resources.Errors) || !read.Resources.Select(r => r.Definition).SequenceEqual(_resources.Resources.Select(r => r.Definition));
        (_isRead, _unreadable, _resources) = (true, null, read);
        if (isNew)
        {
            LogRead(_folder, string.Join(", ", read.Resources.Select(r => r.Name)));
            foreach (var error in read.Errors) LogRefused(error.Name, error.Message);
        }

        foreach (var (name, child) in _children.ToArray())
        {
            if (read.Resources.Any(r => r.Name == name && r.Definition == child.Resource.Definition)) continue;
            Context.Stop(child.Actor);
            _children.Remove(name);
        }

        foreach (var resource in read.Resources.Where(r => !_children.ContainsKey(r.Name))) Start(resource);
        Report();
    }

    private void Start(TemplateResource resource)
    {
        var (options, time, log) = (_options, _time, _loggers.CreateLogger<TemplateActor>());
        var name = "template-" + (++_births).ToString(CultureInfo.InvariantCulture);
        _children[resource.Name] = new Child(resource, Context.ActorOf(Props.Create(() => new TemplateActor(resource, options, time, log)), name));
    }

    private void Report()
    {
        if (_wanted is not { } wanted || (!_isRead && _unreadable is null)) return;
        var shown = _children.Values.Select(child => child.Number).Append(wanted.Number).Min();
        if (Problem() is { } problem)
        {
            if (problem.Message != _hindered) _asker.Tell(new SinkMessage.Hindered(SinkName, wanted.Number, problem));
            _hindered = problem.Message;
        }
        else if (shown >= 0 && (shown > _applied || _hindered is not null))
        {
            (_applied, _hindered) = (shown, null);
            _asker.Tell(new SinkMessage.Applied(SinkName, shown));
        }

        ReportDrained(wanted);
    }

    private TrafficProblem? Problem()
    {
        if (_unreadable is not null) return new TrafficProblem(SinkName, $"{_folder} cannot be read: {_unreadable}; it is read again within {Durations.Text(_options.AuditInterval)}", IsFinal: false);
        if (_resources.Errors.FirstOrDefault() is { } error) return new TrafficProblem($"template {error.Name}", $"{error.Message}. Correct it: the folder is read again within {Durations.Text(_options.AuditInterval)}", IsFinal: false);
        var failing = _children.FirstOrDefault(pair => pair.Value.Problem is not null);
        return failing.Key is null ? null : new TrafficProblem($"template {failing.Key}", failing.Value.Problem!, IsFinal: false);
    }

    private void ReportDrained(SinkMessage.Apply wanted)
    {
        // A resource that cannot be read may stand for connections to any endpoint.
        if (_unreadable is not null || !_resources.Errors.IsEmpty || _children.Values.Any(child => child.DrainedNumber != wanted.Number)) return;
        var draining = wanted.Traffic.Draining.Select(endpoint => endpoint.Id);
        var drained = _children.Values.Aggregate(draining.ToImmutableHashSet(StringComparer.Ordinal), (all, child) => all.Intersect(child.Drained));
        if (_drained is not null && drained.SetEquals(_drained)) return;
        _drained = drained;
        _asker.Tell(new SinkMessage.Drained(SinkName, drained));
    }

    private sealed record Reread;

    private sealed record Child(TemplateResource Resource, IActorRef Actor)
    {
        /// <summary>Of the traffic it shows; -1 for none yet.</summary>
        public long Number { get; init; } = -1;

        public string? Problem { get; init; }

        public ImmutableHashSet<string> Drained { get; init; } = [];

        /// <summary>Of the traffic that <see cref="Drained"/> is of.</summary>
        public long DrainedNumber { get; init; } = -1;
    }
}
