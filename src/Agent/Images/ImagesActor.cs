using Microsoft.Extensions.Logging;
using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Images;

/// <summary><c>/user/agent/images</c>: one pull of an image at a time, however many replicas wait for it.</summary>
internal sealed partial class ImagesActor : EngineCaller
{
    /// <summary>Pulls at once; the engine itself loads several layers of each. More would only share the same line.</summary>
    private const int PullsMax = 4;

    /// <summary>The registry is asked while a person waits for the plan.</summary>
    private static readonly TimeSpan RegistryMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan InspectMax = TimeSpan.FromSeconds(30);

    /// <summary>Waiting replicas have their own, shorter deadline; this bounds a pull for prepare alone.</summary>
    private static readonly TimeSpan PullMax = TimeSpan.FromMinutes(60);

    /// <summary>Progress for people: four times a second is smooth enough.</summary>
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(250);

    private readonly IEngine _engine;
    private readonly AgentOptions _options;
    private readonly ILogger _logger;
    private readonly Dictionary<string, Job> _jobs = [];

    public ImagesActor(IEngine engine, AgentOptions options, ILogger logger)
    {
        _engine = engine;
        _options = options;
        _logger = logger;
        Receive<ImagesMessage.Ensure>(Ensure);
        Receive<ImagesMessage.Release>(Release);
        Receive<ImagesMessage.Resolve>(resolve => Resolve(resolve.Command, Sender));
        Receive<Tick>(tick => OnTick(tick.Reference));
        Receive<TryAgain>(again =>
        {
            if (_jobs.TryGetValue(again.Reference, out var job)) Enqueue(job);
        });
    }

    private void Ensure(ImagesMessage.Ensure ensure)
    {
        var waiter = new Waiter(Sender, ensure.Token, ensure.MayPull);
        if (_jobs.TryGetValue(ensure.Reference, out var job))
        {
            job.Waiters.Add(waiter);
            return;
        }

        job = new Job(ensure.Reference);
        job.Waiters.Add(waiter);
        _jobs[ensure.Reference] = job;
        job.Call = Call(
            $"inspecting image {job.Reference}",
            InspectMax,
            cancellation => _engine.InspectImageAsync(job.Reference, cancellation),
            _ => Finish(job, null),
            error =>
            {
                // A host that cannot say what it has is asked again like a registry that does not answer.
                if (EngineFaults.IsNotFound(error) || EngineFaults.IsTemporary(error)) OnMissing(job);
                else Finish(job, $"image {job.Reference}: {EngineFaults.Text(error)}");
            });
    }

    private void OnMissing(Job job)
    {
        foreach (var waiter in job.Waiters.Where(waiter => !waiter.MayPull || ImageResolution.IsId(job.Reference)).ToArray())
        {
            job.Waiters.Remove(waiter);
            waiter.Asker.Tell(new ImagesMessage.Failed(waiter.Token, $"image {job.Reference} is not on this host and may not be pulled (pull_policy never, or built locally); build or load it here, or push it to a registry"));
        }

        if (job.Waiters.Count == 0) _jobs.Remove(job.Reference);
        else Enqueue(job);
    }

    private void Enqueue(Job job)
    {
        job.IsQueued = true;
        StartQueued();
    }

    private void StartQueued()
    {
        foreach (var job in _jobs.Values.Where(job => job.IsQueued).Take(PullsMax - _jobs.Values.Count(job => job.IsPulling)).ToArray()) Pull(job);
    }

    private void Pull(Job job)
    {
        var tally = new PullTally();
        job.IsQueued = false;
        job.IsPulling = true;
        job.Tally = tally;
        job.Attempts++;
        LogPulling(job.Reference, job.Attempts);
        Timers.StartPeriodicTimer("tick-" + job.Reference, new Tick(job.Reference), TickInterval);
        job.Call = Call(
            $"pulling {job.Reference}",
            PullMax,
            cancellation => PullAsync(job.Reference, tally, cancellation),
            () => Finish(job, null),
            error => OnPullFailed(job, error));
    }

    private async Task PullAsync(string reference, PullTally tally, CancellationToken cancellation) =>
        await _engine.PullImageAsync(reference, await LoginAsync(reference, cancellation), tally, cancellation);

    /// <summary>A login that cannot be read is no reason not to try without.</summary>
    private async Task<RegistryAuth?> LoginAsync(string reference, CancellationToken cancellation)
    {
        if (_options.Credentials is not { } credentials || !ImageReference.TryParse(reference, out var image)) return null;
        try
        {
            return await credentials.FindAsync(image, cancellation);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            LogNoLogin(image.Registry, e.Message);
            return null;
        }
    }

    private void OnPullFailed(Job job, Exception error)
    {
        StopPulling(job);
        var said = EngineFaults.Text(error);
        LogPullFailed(job.Reference, job.Attempts, said);
        if (EngineFaults.IsTemporary(error) && job.Attempts < _options.PullAttempts)
        {
            var pause = _options.PullBackoff * Math.Pow(2, job.Attempts - 1);
            Tell(job, $"try {job.Attempts} of {_options.PullAttempts} failed ({said}); again in {Durations.Text(pause)}");
            Timers.StartSingleTimer("again-" + job.Reference, new TryAgain(job.Reference), pause);
        }
        else
        {
            Finish(job, EngineFaults.IsTemporary(error)
                ? $"cannot pull {job.Reference} after {job.Attempts} tries: {said}; check that this host reaches the registry"
                : $"cannot pull {job.Reference}: {said}; {(ImageResolution.IsDenied(said) ? "log in on this host with `docker login`, or check the name" : "check the name and the tag, or push the image")}");
        }

        StartQueued();
    }

    private void OnTick(string reference)
    {
        if (!_jobs.TryGetValue(reference, out var job) || job.Tally?.Text is not { } text || text == job.Told) return;
        Tell(job, text);
    }

    private static void Tell(Job job, string detail)
    {
        job.Told = detail;
        foreach (var waiter in job.Waiters) waiter.Asker.Tell(new ImagesMessage.Progressed(waiter.Token, detail));
    }

    private void Finish(Job job, string? error)
    {
        Forget(job);
        foreach (var waiter in job.Waiters) waiter.Asker.Tell(error is null ? new ImagesMessage.Ensured(waiter.Token) : new ImagesMessage.Failed(waiter.Token, error));
        StartQueued();
    }

    private void Release(ImagesMessage.Release release)
    {
        var asker = Sender;
        if (!_jobs.TryGetValue(release.Reference, out var job)) return;
        job.Waiters.RemoveAll(waiter => waiter.Token == release.Token && waiter.Asker.Equals(asker));
        if (job.Waiters.Count > 0) return;
        LogReleased(job.Reference);
        Abandon(job.Call);
        Forget(job);
        StartQueued();
    }

    private void Forget(Job job)
    {
        StopPulling(job);
        Timers.Cancel("again-" + job.Reference);
        _jobs.Remove(job.Reference);
    }

    private void StopPulling(Job job)
    {
        job.IsPulling = false;
        Timers.Cancel("tick-" + job.Reference);
    }

    private void Resolve(AgentCommand.ResolveImage command, IActorRef asker) => Call(
        $"inspecting image {command.Reference}",
        InspectMax,
        cancellation => FindAsync(command.Reference, cancellation),
        local =>
        {
            if (ImageResolution.FromHost(command, local) is { } resolved) asker.Tell(resolved);
            else AskRegistry(command, local, asker);
        },
        error => asker.Tell(new AgentEvent.ImageResolved { CommandId = command.CommandId, Error = $"image {command.Reference}: the engine at {_engine.Address} does not say whether it has it: {EngineFaults.Text(error)}" }));

    private void AskRegistry(AgentCommand.ResolveImage command, ImageDetails? local, IActorRef asker) => Call(
        "the registry's answer",
        RegistryMax,
        async cancellation => await _engine.InspectDistributionAsync(command.Reference, await LoginAsync(command.Reference, cancellation), cancellation),
        distribution => asker.Tell(ImageResolution.FromRegistry(command, local, distribution.Digest)),
        error =>
        {
            var said = EngineFaults.Text(error);
            LogNotResolved(command.Reference, said);
            asker.Tell(ImageResolution.WithoutRegistry(command, local, EngineFaults.IsTemporary(error), said));
        });

    /// <summary>Null when the host has no such image, or the text names none.</summary>
    private async Task<ImageDetails?> FindAsync(string reference, CancellationToken cancellation)
    {
        if (!ImageResolution.IsId(reference) && !ImageReference.TryParse(reference, out _)) return null;
        try
        {
            return await _engine.InspectImageAsync(reference, cancellation);
        }
        catch (EngineException e) when (e.Kind == EngineErrorKind.NotFound)
        {
            return null;
        }
    }

    private sealed record Waiter(IActorRef Asker, long Token, bool MayPull);

    private sealed record Tick(string Reference);

    private sealed record TryAgain(string Reference);

    private sealed class Job(string reference)
    {
        public string Reference { get; } = reference;

        public List<Waiter> Waiters { get; } = [];

        public long Call { get; set; }

        public int Attempts { get; set; }

        public bool IsQueued { get; set; }

        public bool IsPulling { get; set; }

        public PullTally? Tally { get; set; }

        public string? Told { get; set; }
    }
}
