using System.Collections.Immutable;
using System.Threading.Channels;
using Orchestrator.Fleet;
using Orchestrator.Planning;
using Orchestrator.Protocol;

namespace Orchestrator.Api;

internal sealed record LogBatch(string Host, string CommandId, ImmutableArray<LogView> Lines);

/// <summary>Streams the logs of a stack's replicas into one reader; while following, replicas that come later too. Each stream has a credit that the reader's reading renews.</summary>
internal sealed class LogReaderActor : ReceiveActor, IWithTimers
{
    /// <summary>How often new replicas are looked for while following.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly LogsQuery query;
    private readonly IActorRef fleet;
    private readonly ChannelWriter<LogBatch> writer;
    private readonly Dictionary<string, (string Host, ReplicaKey Key)> streams = new(StringComparer.Ordinal);
    private readonly HashSet<string> seen = new(StringComparer.Ordinal);
    private bool hasLooked;

    public LogReaderActor(LogsQuery query, IActorRef fleet, ChannelWriter<LogBatch> writer)
    {
        this.query = query;
        this.fleet = fleet;
        this.writer = writer;
        Receive<Look>(_ => fleet.Tell(new FleetMessage.PeekFleet()));
        Receive<FleetSnapshot>(Open);
        Receive<Read>(m =>
        {
            if (streams.ContainsKey(m.CommandId))
            {
                fleet.Tell(new FleetMessage.Send(m.Host, new AgentCommand.CreditLogs { CommandId = m.CommandId, Credit = 1 }));
            }
        });
        Receive<FleetMessage.Answered>(Answered);
        Receive<FleetMessage.HostLost>(m => End(m.CommandId ?? "", $"host {m.Host} does not answer"));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Self.Tell(new Look());
        if (query.Follow)
        {
            Timers.StartPeriodicTimer(nameof(Look), new Look(), LookInterval);
        }
    }

    protected override void PostStop()
    {
        foreach (var (id, stream) in streams)
        {
            fleet.Tell(new FleetMessage.Send(stream.Host, new AgentCommand.CloseLogs { CommandId = id }));
        }
        writer.TryComplete();
    }

    private void Open(FleetSnapshot snapshot)
    {
        foreach (var (host, replica) in snapshot.Replicas(query.Stack))
        {
            var wanted = replica.State != ReplicaState.Retained && (query.Services.IsEmpty || query.Services.Contains(replica.Key.Service, StringComparer.Ordinal));
            if (wanted && host.State == HostState.Ready && replica.State != ReplicaState.Created && seen.Add(replica.ContainerId))
            {
                var id = $"logs/{Self.Path.Name}/{seen.Count}";
                streams[id] = (host.Name, replica.Key);
                fleet.Tell(new FleetMessage.Send(host.Name, new AgentCommand.OpenLogs
                {
                    CommandId = id,
                    ContainerId = replica.ContainerId,
                    Follow = query.Follow,
                    // A replica that comes while following is shown from its first line.
                    Tail = hasLooked ? null : query.Tail,
                    Since = query.Since,
                    Timestamps = query.Timestamps,
                }));
            }
        }
        hasLooked = true;
        Finish();
    }

    private void Answered(FleetMessage.Answered message)
    {
        if (!streams.TryGetValue(message.CommandId, out var stream))
        {
            return;
        }
        switch (message.Event)
        {
            case AgentEvent.LogLines lines:
                writer.TryWrite(new LogBatch(stream.Host, message.CommandId, [.. lines.Lines.Select(l => View(stream, l.IsError, l.Text))]));
                break;
            case AgentEvent.LogsEnded ended:
                End(message.CommandId, ended.Error);
                break;
            default:
                break;
        }
    }

    private void End(string id, string? error)
    {
        if (streams.Remove(id, out var stream) && error is not null)
        {
            writer.TryWrite(new LogBatch(stream.Host, id, [new LogView(stream.Key.Service, "", stream.Host, true, $"the log of {stream.Key.Service}.{stream.Key.Slot} on {stream.Host} ended: {error}")]));
        }
        Finish();
    }

    private void Finish()
    {
        if (!query.Follow && streams.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private static LogView View((string Host, ReplicaKey Key) stream, bool isError, string text) =>
        new(stream.Key.Service, $"{stream.Key.Service}.{stream.Key.Slot}", stream.Host, isError, text);

    internal sealed record Read(string Host, string CommandId);

    private sealed record Look;
}
