using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Logs;

/// <summary><c>/user/agent/logs-…</c>: one stream of log lines. It reads on only while it has credit, so the engine holds what the reader cannot take.</summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, which disposes of what it owns.")]
internal sealed partial class LogsActor : ReceiveActor
{
    private const int LinesMax = 100;
    private const int BytesMax = 64 * 1024;

    /// <summary>A credit beyond this is a reader that does not count.</summary>
    private const int CreditMax = 1024;

    private readonly IEngine _engine;
    private readonly AgentCommand.OpenLogs _command;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _cancellation = new();
    private IAsyncEnumerator<LogLine>? _lines;

    /// <summary>Begun by the last batch, which did not wait for it.</summary>
    private Task<bool>? _next;

    private int _credit;
    private bool _isReading;

    public LogsActor(AgentCommand.OpenLogs command, IEngine engine, ILogger logger)
    {
        _command = command;
        _engine = engine;
        _logger = logger;
        _credit = Math.Clamp(command.Credit, 0, CreditMax);
        Receive<LogsMessage.Credit>(credit =>
        {
            _credit = (int)Math.Min((long)_credit + Math.Max(0, credit.Batches), CreditMax);
            Read();
        });
        Receive<BatchMessage.Read>(OnRead);
        Receive<BatchMessage.Failed>(failed => End(failed.Error));
    }

    protected override void PreStart()
    {
        _lines = _engine
            .LogsAsync(_command.ContainerId, new LogsRequest { Follow = _command.Follow, Tail = _command.Tail, Since = _command.Since, Timestamps = _command.Timestamps }, _cancellation.Token)
            .GetAsyncEnumerator(_cancellation.Token);
        Read();
    }

    protected override void PostStop()
    {
        _cancellation.Cancel();
        _cancellation.Dispose();
        if (_lines is { } lines) _ = CloseAsync(lines, _next);
        base.PostStop();
    }

    /// <summary>An enumerator may be disposed of only when nothing reads from it.</summary>
    private static async Task CloseAsync(IAsyncEnumerator<LogLine> lines, Task<bool>? next)
    {
        try
        {
            if (next is not null) await next;
            await lines.DisposeAsync();
        }
        catch (Exception)
        {
            // It was cancelled, or the engine has closed the stream: either is its end.
        }
    }

    private void Read()
    {
        if (_isReading || _credit == 0) return;
        _isReading = true;
        ReadBatchAsync(_lines!, _next).PipeTo(Self, failure: error => new BatchMessage.Failed(error is AggregateException { InnerException: { } inner } ? inner : error));
    }

    /// <summary>Waits for one line, and takes with it what is there already.</summary>
    private static async Task<BatchMessage.Read> ReadBatchAsync(IAsyncEnumerator<LogLine> lines, Task<bool>? next)
    {
        var batch = ImmutableArray.CreateBuilder<LogEntry>();
        var bytes = 0;
        next ??= lines.MoveNextAsync().AsTask();
        while (batch.Count == 0 || next.IsCompleted)
        {
            if (!await next) return new BatchMessage.Read(batch.ToImmutable(), null, IsLast: true);
            var line = Clip(lines.Current.Text);
            batch.Add(new LogEntry(lines.Current.IsError, line));
            bytes += Encoding.UTF8.GetByteCount(line);
            next = lines.MoveNextAsync().AsTask();

            // The next line could be as long as a batch may be.
            if (batch.Count == LinesMax || bytes >= BytesMax / 2) break;
        }

        return new BatchMessage.Read(batch.ToImmutable(), next, IsLast: false);
    }

    /// <summary>With the half batch that may stand before it, within 64 KiB.</summary>
    private static string Clip(string line)
    {
        const int CharsMax = BytesMax / 2 / 3;
        return line.Length <= CharsMax ? line : line[..CharsMax] + "…";
    }

    private void OnRead(BatchMessage.Read read)
    {
        _isReading = false;
        _next = read.Next;
        if (read.Lines.Length > 0)
        {
            _credit--;
            Context.Parent.Tell(new AgentEvent.LogLines(_command.CommandId, read.Lines));
        }

        if (read.IsLast) End(null);
        else Read();
    }

    private void End(Exception? error)
    {
        if (error is not null) LogFailed(_command.ContainerId, EngineFaults.Text(error));
        _next = null;
        Context.Parent.Tell(new AgentEvent.LogsEnded(_command.CommandId, error is null ? null : $"the log of container {_command.ContainerId} ended: {EngineFaults.Text(error)}"));
        Context.Stop(Self);
    }

    private abstract record BatchMessage
    {
        public sealed record Read(ImmutableArray<LogEntry> Lines, Task<bool>? Next, bool IsLast) : BatchMessage;

        public sealed record Failed(Exception Error) : BatchMessage;
    }
}
