namespace Orchestrator.Engine.Fakes;

/// <summary>One container of a <see cref="FakeEngine"/>. Its engine alone changes it.</summary>
public sealed class FakeContainer
{
    internal FakeContainer(string id, string name, CreateContainer request, FakeImage image, DateTimeOffset created)
    {
        Id = id;
        Name = name;
        Request = request;
        Image = image.ForContainer is { } change ? change(request, image) : image;
        Created = created;
        RestartPolicy = request.RestartPolicy;
        Networks = [.. request.Networks];
    }

    public string Id { get; }

    public string Name { get; internal set; }

    public CreateContainer Request { get; }

    /// <summary>With the container's own behaviour.</summary>
    public FakeImage Image { get; }

    public DateTimeOffset Created { get; }

    /// <summary><c>created</c>, <c>running</c>, <c>restarting</c>, <c>exited</c>.</summary>
    public string Status { get; internal set; } = "created";

    public bool IsRunning => Status == "running";

    /// <summary>It runs, and its processes are frozen.</summary>
    public bool IsPaused { get; internal set; }

    public DateTimeOffset? StartedAt { get; internal set; }

    internal long StartedTimestamp { get; set; }

    public DateTimeOffset? FinishedAt { get; internal set; }

    public int ExitCode { get; internal set; }

    public bool OomKilled { get; internal set; }

    public string Error { get; internal set; } = "";

    public int RestartCount { get; internal set; }

    public RestartPolicy RestartPolicy { get; internal set; }

    public HealthState? Health { get; internal set; }

    /// <summary>Overrides the image's times; null leaves them.</summary>
    public bool? IsHealthyNow { get; internal set; }

    /// <summary>Signals it was sent, in order.</summary>
    public IReadOnlyList<string> Signals => SignalList;

    internal List<string> SignalList { get; } = [];

    /// <summary>Network name → address while it runs.</summary>
    internal Dictionary<string, string> Addresses { get; } = new(StringComparer.Ordinal);

    internal List<NetworkEndpoint> Networks { get; }

    internal List<PortBinding> Ports { get; } = [];

    internal List<(DateTimeOffset At, LogLine Line)> Log { get; } = [];

    internal List<FakeQueue<LogLine>> Followers { get; } = [];

    /// <summary>Told the exit code, once.</summary>
    internal List<Action<int>> Waiters { get; } = [];

    internal FakeFiles Files { get; } = new();

    /// <summary>Counts the runs, so that a timer of an earlier one is known as such.</summary>
    internal int Run { get; set; }

    internal List<ITimer> Timers { get; } = [];

    /// <summary>Stopped by a caller: restart policies let it be.</summary>
    internal bool IsManuallyStopped { get; set; }

    internal TimeSpan RestartDelay { get; set; }

    /// <summary>The request's, completed by the image's; null for none.</summary>
    public Healthcheck? Healthcheck
    {
        get
        {
            var (own, image) = (Request.Healthcheck, Image.Healthcheck);
            if (own is null) return image is { Test: ["NONE"] or [] } ? null : image;
            var test = own.Test is [] ? image?.Test ?? [] : own.Test;
            return test is [] or ["NONE"] ? null : new Healthcheck
            {
                Test = test,
                Interval = own.Interval ?? image?.Interval,
                Timeout = own.Timeout ?? image?.Timeout,
                StartPeriod = own.StartPeriod ?? image?.StartPeriod,
                StartInterval = own.StartInterval ?? image?.StartInterval,
                Retries = own.Retries ?? image?.Retries,
            };
        }
    }

    /// <summary>Since its last start, and not by the wall clock, which may be set.</summary>
    internal TimeSpan Ran(TimeProvider time) => time.GetElapsedTime(StartedTimestamp);

    /// <summary>What a probe made now would find.</summary>
    public bool IsHealthy(TimeProvider time)
    {
        if (!IsRunning) return false;
        if (IsHealthyNow is { } forced) return forced;
        var ran = Ran(time);
        return Image.HealthyAfter is { } from && ran >= from && !(Image.UnhealthyAfter is { } until && ran >= until);
    }
}
