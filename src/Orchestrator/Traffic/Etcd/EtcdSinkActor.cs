using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orchestrator.Protocol;

namespace Orchestrator.Traffic.Etcd;

/// <summary>
/// Keeps the keys of every stack's table in etcd, so that a watcher (confd, a proxy of the user's own) follows. What etcd has is read before it is written: nothing is
/// remembered that a restart, of either, could make wrong.
/// </summary>
/// <remarks>
/// One piece of work at a time: a lease, then what is to be forgotten, then one stack after the other. A stack's changes are one transaction, or several of
/// <see cref="EtcdChange.TransactionMax"/> whose last one writes the stack's version.
/// </remarks>
#pragma warning disable CA1001 // An actor's end is PostStop, where both are disposed.
internal sealed partial class EtcdSinkActor : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    public const string SinkName = "etcd";

    /// <summary>Beyond the bound of each request: a stack with thousands of keys on a slow etcd.</summary>
    private static readonly TimeSpan WorkMax = TimeSpan.FromMinutes(2);

    /// <summary>A lease is renewed so often in its lifetime, and may miss two.</summary>
    private const int RenewalsPerLease = 3;

    private readonly EtcdSinkOptions options;
    private readonly IEtcd etcd;
    private readonly ILogger log;
    private readonly Dictionary<string, Entry> stacks = new(StringComparer.Ordinal);
    private CancellationTokenSource? working;
    private ImmutableHashSet<string>? only;
    private long lease;
    private bool renews;
    private int failures;

    /// <param name="etcd">Disposed with the actor.</param>
    public EtcdSinkActor(EtcdSinkOptions options, IEtcd etcd, ILogger log)
    {
        this.options = options;
        this.etcd = etcd;
        this.log = log;
        Receive<EtcdSinkMessage.Apply>(Apply);
        Receive<EtcdSinkMessage.Only>(m =>
        {
            only = m.Stacks;
            Next();
        });
        Receive<Work.Granted>(m => Ended(() => lease = m.Lease));
        Receive<Work.Renewed>(m => Ended(() =>
        {
            renews = false;
            if (!m.IsAlive)
                LeaseLost();
        }));
        Receive<Work.Forgotten>(m => Ended(() => only = ReferenceEquals(only, m.Only) ? null : only));
        Receive<Work.Written>(m => Ended(() => Written(m)));
        Receive<Work.Failed>(Failed);
        Receive<Retry>(_ => Next());
        Receive<Renew>(_ =>
        {
            renews = lease != 0;
            Next();
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool IsWaiting => Timers.IsTimerActive(nameof(Retry));

    public static Props PropsFor(EtcdSinkOptions options, TimeProvider time, ILoggerFactory loggers) =>
        Props.Create(() => new EtcdSinkActor(options, new HttpEtcd(options, time), loggers.CreateLogger<EtcdSinkActor>()));

    protected override void PreStart()
    {
        if (options.Lease > TimeSpan.Zero)
            Timers.StartPeriodicTimer(nameof(Renew), new Renew(), options.Lease / RenewalsPerLease);
    }

    /// <summary>The lease is left to run: a coordinator that comes back within it takes its keys over, and no watcher sees them gone.</summary>
    protected override void PostStop()
    {
        working?.Cancel();
        working?.Dispose();
        etcd.Dispose();
    }

    private void Apply(EtcdSinkMessage.Apply apply)
    {
        stacks[apply.Table.Stack] = new Entry(apply, Sender);
        Timers.Cancel(nameof(Retry));
        Next();
    }

    private void Next()
    {
        if (working is not null || IsWaiting)
            return;
        if (renews)
            Begin(token => Renewed(lease, token));
        else if (options.Lease > TimeSpan.Zero && lease == 0 && stacks.Values.Any(e => !e.IsWritten))
            Begin(Granted);
        else if (only is { } known)
            Begin(token => ForgetAsync(known, token));
        else if (stacks.Values.FirstOrDefault(e => !e.IsWritten) is { } entry)
            Begin(token => WriteAsync(entry.Wanted, lease, token));
    }

    private void Begin(Func<CancellationToken, Task<Work>> work)
    {
        working = new CancellationTokenSource(WorkMax);
        work(working.Token).PipeTo(Self, failure: e => new Work.Failed(e is AggregateException { InnerException: { } inner } ? inner : e));
    }

    private void Ended(Action then)
    {
        End();
        failures = 0;
        then();
        Next();
    }

    private void End()
    {
        working?.Dispose();
        working = null;
    }

    private void Written(Work.Written written)
    {
        if (!stacks.TryGetValue(written.Stack, out var entry))
            return;
        LogWritten(written.Stack, written.Version, written.Changes);
        entry.Asker.Tell(new EtcdSinkMessage.Applied(written.Stack, written.Version));
        if (entry.Wanted.Version != written.Version)
            return;
        if (entry.Wanted.Table.IsRemoved)
            stacks.Remove(written.Stack);
        else
            stacks[written.Stack] = entry with { IsWritten = true, Said = null };
    }

    private void Failed(Work.Failed failed)
    {
        End();
        if (failed.Error is EtcdException { IsLeaseLost: true })
        {
            LeaseLost();
            Next();
            return;
        }
        failures++;
        var pause = DoublingPause.After(failures, options.RetryMin, options.RetryMax);
        var reason = failed.Error is OperationCanceledException ? $"etcd took longer than {WorkMax.TotalMinutes} min" : failed.Error.Message;
        LogFailed(failures, pause.TotalSeconds, reason);
        foreach (var (stack, entry) in stacks.Where(s => !s.Value.IsWritten && s.Value.Said != reason).ToArray())
        {
            stacks[stack] = entry with { Said = reason };
            entry.Asker.Tell(new EtcdSinkMessage.Hindered(stack, entry.Wanted.Version, new TrafficProblem(SinkName, reason, IsFinal: false)));
        }
        Timers.StartSingleTimer(nameof(Retry), new Retry(), pause);
    }

    private void LeaseLost()
    {
        lease = 0;
        renews = false;
        LogLeaseLost(stacks.Count);
        foreach (var (stack, entry) in stacks.ToArray())
            stacks[stack] = entry with { IsWritten = false };
    }

    private async Task<Work> Granted(CancellationToken cancellation) =>
        new Work.Granted(await etcd.GrantAsync(options.Lease, cancellation).ConfigureAwait(false));

    private async Task<Work> Renewed(long held, CancellationToken cancellation) =>
        new Work.Renewed(await etcd.RenewAsync(held, cancellation).ConfigureAwait(false));

    private async Task<Work> ForgetAsync(ImmutableHashSet<string> known, CancellationToken cancellation)
    {
        var root = $"{options.Prefix}{TrafficKeys.Root}/";
        var keys = await etcd.ListAsync(root, cancellation).ConfigureAwait(false);
        foreach (var stack in keys.Keys.Select(key => key[root.Length..].Split('/')[0]).Distinct().Where(stack => !known.Contains(stack)))
        {
            await etcd.CommitAsync([new EtcdChange.DeleteAll($"{root}{stack}/")], cancellation).ConfigureAwait(false);
            LogForgotten(stack);
        }
        return new Work.Forgotten(known);
    }

    private async Task<Work> WriteAsync(EtcdSinkMessage.Apply apply, long under, CancellationToken cancellation)
    {
        var present = await etcd.ListAsync($"{options.Prefix}{TrafficKeys.OfStack(apply.Table.Stack)}/", cancellation).ConfigureAwait(false);
        var changes = EtcdChanges.Between(present, options.Prefix, apply.Table, under);
        foreach (var transaction in changes.Chunk(EtcdChange.TransactionMax))
            await etcd.CommitAsync([.. transaction], cancellation).ConfigureAwait(false);
        return new Work.Written(apply.Table.Stack, apply.Version, changes.Length);
    }

    private sealed record Entry(EtcdSinkMessage.Apply Wanted, IActorRef Asker)
    {
        public bool IsWritten { get; init; }

        /// <summary>The problem that the asker knows of.</summary>
        public string? Said { get; init; }
    }

    /// <summary>How a piece of work has ended.</summary>
    private abstract record Work
    {
        public sealed record Granted(long Lease) : Work;

        public sealed record Renewed(bool IsAlive) : Work;

        public sealed record Forgotten(ImmutableHashSet<string> Only) : Work;

        public sealed record Written(string Stack, long Version, int Changes) : Work;

        public sealed record Failed(Exception Error) : Work;
    }

    private sealed record Retry;

    private sealed record Renew;
}
