using Orchestrator.Api;
using Orchestrator.Planning;

namespace Orchestrator.Cli.Progress;

/// <summary>A change as far as its events tell.</summary>
internal sealed class ChangeProgress
{
    private readonly List<ServiceProgress> _services = [];

    /// <summary>Held by who changes or reads it: a live display reads it from its timer.</summary>
    public Lock Gate { get; } = new();

    /// <summary>In the plan's order.</summary>
    public IReadOnlyList<ServiceProgress> Services => _services;

    public ChangeEvent.Accepted? Accepted { get; private set; }

    public Plan? Plan { get; private set; }

    /// <summary>What the coordinator said last that it waits for; null once something else has happened.</summary>
    public ChangeEvent.Waiting? Waiting { get; private set; }

    public ChangeEvent.Ended? Ended { get; private set; }

    public void Apply(ChangeEvent change, DateTimeOffset now)
    {
        Waiting = change as ChangeEvent.Waiting;
        switch (change)
        {
            case ChangeEvent.Accepted accepted:
                Accepted = accepted;
                break;
            case ChangeEvent.Planned planned:
                Planned(planned.Plan);
                break;
            case ChangeEvent.ServiceStarted started:
                Started(started, now);
                break;
            case ChangeEvent.ServiceEnded ended:
                var service = Service(ended.Service);
                service.Outcome = ended.Outcome;
                service.Ended = now;
                break;
            case ChangeEvent.BatchStarted batch:
                (Service(batch.Service).Batch, Service(batch.Service).Batches) = (batch.Batch, batch.Batches);
                break;
            case ChangeEvent.ReplicaMoved moved:
                Service(moved.Service).Move(new(moved.Slot, moved.Host, moved.Phase, now, moved.Detail));
                break;
            case ChangeEvent.ReplicaFailed failed:
                Service(failed.Service).Move(new(failed.Slot, failed.Host, ReplicaStep.Failed, now, failed.Report.Message));
                break;
            case ChangeEvent.RollbackStarted rollback:
                Service(rollback.Service).StartOver();
                break;
            case ChangeEvent.Ended ended:
                Ended = ended;
                break;
        }
    }

    /// <summary>Another change takes the place of the one followed so far.</summary>
    public void StartOver()
    {
        _services.Clear();
        (Accepted, Plan, Waiting, Ended) = (null, null, null, null);
    }

    /// <summary>What has not been reached, one line each: for who stops waiting.</summary>
    public IEnumerable<string> Pending()
    {
        foreach (var service in _services.Where(s => s.Outcome is null && s.Action != ServiceAction.None))
        {
            if (service.Started is null)
            {
                yield return $"{service.Name}: its turn has not come";
                continue;
            }

            var open = service.Replicas.Where(r => !r.Passed && r.Step != ReplicaStep.Failed).ToArray();
            foreach (var replica in open)
                yield return ProgressText.Replica(service.Name, replica);
            var untouched = service.Slots - service.Replicas.Count;
            if (untouched > 0)
                yield return $"{service.Name}: {Rendering.Words.Count(untouched, "replica")} not begun";
            else if (open.Length == 0)
                yield return $"{service.Name}: not reported as ended";
        }
    }

    private void Planned(Plan plan)
    {
        Plan = plan;
        foreach (var service in plan.Services.Where(s => _services.TrueForAll(known => known.Name != s.Service)))
            _services.Add(new(service.Service, service.Action, service.Slots.Length));
    }

    private void Started(ChangeEvent.ServiceStarted started, DateTimeOffset now)
    {
        var service = Service(started.Service, started.Action, started.Slots);
        service.Slots = started.Slots;
        service.Started ??= now;
    }

    /// <summary>A client that joins late has not seen the plan.</summary>
    private ServiceProgress Service(string name, ServiceAction action = ServiceAction.Update, int slots = 0)
    {
        if (_services.Find(s => s.Name == name) is { } known)
            return known;
        var service = new ServiceProgress(name, action, slots);
        _services.Add(service);
        return service;
    }
}
