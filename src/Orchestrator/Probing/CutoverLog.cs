using System.Collections.Immutable;
using Orchestrator.Api;

namespace Orchestrator.Probing;

/// <summary>Which replica was cut over when, batch by batch, from the events of a change as they come in.</summary>
/// <remarks>Moments are those of this machine's clock, as the requests' are: the coordinator's may differ from it.</remarks>
public sealed class CutoverLog(ProbeRecorder recorder)
{
    /// <summary>Beyond, cutovers are not kept; a change of thousands of replicas is read by its failures.</summary>
    private const int CutoversMax = 10_000;

    private readonly List<OpenBatch> _batches = [];

    /// <summary>The batch under way of each service.</summary>
    private readonly Dictionary<string, OpenBatch> _current = new(StringComparer.Ordinal);

    /// <summary>A slot's old replica may stop when the next batch is under way: it belongs to its own.</summary>
    private readonly Dictionary<(string Service, int Slot), OpenBatch> _slots = [];

    private int _cutovers;

    public void Saw(ChangeEvent happened)
    {
        switch (happened)
        {
            case ChangeEvent.BatchStarted e:
                Close(e.Service);
                Open(e.Service, e.Batch, e.Batches);
                break;
            case ChangeEvent.ReplicaMoved e when KindOf(e.Phase) is { } kind:
                Add(kind, e.Service, e.Slot, e.Host, e.Revision);
                break;
            case ChangeEvent.ReplicaMoved e:
                _slots[(e.Service, e.Slot)] = Current(e.Service);
                break;
            case ChangeEvent.ReplicaFailed e:
                Add(CutoverKind.Failed, e.Service, e.Slot, e.Host, e.Revision);
                break;
            case ChangeEvent.RollbackStarted e:
                Close(e.Service);
                break;
            case ChangeEvent.ServiceEnded e:
                Close(e.Service);
                break;
            case ChangeEvent.Ended:
                CloseAll();
                break;
            default:
                break;
        }
    }

    /// <summary>Ends what is under way: the change is no longer followed.</summary>
    public void CloseAll()
    {
        foreach (var service in _current.Keys.ToArray())
            Close(service);
    }

    public ImmutableArray<ProbeBatch> Batches() => [.. _batches.Where(b => b.Number > 0 || b.Cutovers.Count > 0).Select(Report)];

    private static CutoverKind? KindOf(ReplicaStep step) => step switch
    {
        ReplicaStep.Passed or ReplicaStep.Staged => CutoverKind.Passed,
        ReplicaStep.Published => CutoverKind.Published,
        ReplicaStep.OldDrained => CutoverKind.Drained,
        ReplicaStep.StoppingOld => CutoverKind.Stopping,
        ReplicaStep.OldStopped => CutoverKind.Stopped,
        ReplicaStep.Removed => CutoverKind.Removed,
        ReplicaStep.Failed => CutoverKind.Failed,
        ReplicaStep.Pulling or ReplicaStep.Creating or ReplicaStep.Starting or ReplicaStep.Gating or ReplicaStep.Monitoring => null,
    };

    private void Add(CutoverKind what, string service, int slot, string host, string revision)
    {
        if (_cutovers >= CutoversMax)
            return;
        var batch = _slots.TryGetValue((service, slot), out var own) ? own : Current(service);
        // A step is reported again when a command is repeated.
        if (batch.Cutovers.Exists(c => (c.What, c.Slot, c.Host, c.Revision) == (what, slot, host, revision)))
            return;
        _cutovers++;
        var (mark, at) = recorder.AddMark();
        batch.Cutovers.Add(new Cutover(mark, at, what, slot, host, revision));
    }

    private OpenBatch Current(string service) => _current.TryGetValue(service, out var batch) ? batch : Open(service, 0, 0);

    private OpenBatch Open(string service, int number, int of)
    {
        var (mark, at) = recorder.AddMark();
        var batch = new OpenBatch(service, number, of, mark, at);
        _batches.Add(batch);
        _current[service] = batch;
        return batch;
    }

    private void Close(string service)
    {
        if (_current.Remove(service, out var batch))
            (batch.ToMark, batch.Ended) = recorder.AddMark();
    }

    private ProbeBatch Report(OpenBatch batch)
    {
        var (requests, failed) = recorder.Between(batch.FromMark, batch.ToMark);
        return new ProbeBatch(
            batch.Service,
            batch.Number,
            batch.Of,
            batch.Began,
            batch.Ended ?? batch.Began,
            requests,
            failed,
            [.. batch.Cutovers.Select(c => new ProbeCutover(c.At, c.What, batch.Service, c.Slot, c.Host, c.Revision, recorder.Between(c.Mark, c.Mark + 1).Failed))]);
    }

    private sealed record Cutover(int Mark, DateTimeOffset At, CutoverKind What, int Slot, string Host, string Revision);

    private sealed class OpenBatch(string service, int number, int of, int fromMark, DateTimeOffset began)
    {
        public string Service { get; } = service;

        public int Number { get; } = number;

        public int Of { get; } = of;

        public int FromMark { get; } = fromMark;

        public DateTimeOffset Began { get; } = began;

        public int? ToMark { get; set; }

        public DateTimeOffset? Ended { get; set; }

        public List<Cutover> Cutovers { get; } = [];
    }
}
