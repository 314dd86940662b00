namespace Orchestrator.Engine.Fakes;

/// <summary>What runs in the containers: start, signals, exits, health, restarts.</summary>
public sealed partial class FakeEngine
{
    /// <summary>The engine's own defaults.</summary>
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(30);

    private const int ProbeRetries = 3;

    /// <summary>The engine's back-off between restarts: doubled each time, forgotten after a run of <see cref="GoodRun"/>.</summary>
    private static readonly TimeSpan RestartDelayMin = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RestartDelayMax = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(10);

    /// <summary>128 + SIGKILL.</summary>
    private const int KilledCode = 137;

    /// <summary>Ports the engine hands out by itself.</summary>
    private const int FirstFreePort = 49153;

    private const int LogLinesMax = 10_000;

    /// <summary>The process ends by itself, as after a bug in it; restart policies apply.</summary>
    public void EndProcess(string container, int exitCode, bool oomKilled = false) => Locked(() =>
    {
        var found = Find(container);
        if (found.IsRunning) Exit(found, exitCode, oomKilled);
        return true;
    });

    /// <summary>From now on probes succeed or fail as told; null goes back to the image's times.</summary>
    public void SetHealthy(string container, bool? isHealthy) => Locked(() =>
    {
        Find(container).IsHealthyNow = isHealthy;
        return true;
    });

    /// <summary>As <c>docker pause</c>; a signal that ends it goes on with it first, as in a real engine.</summary>
    public void Pause(string container) => Locked(() => Find(container).IsPaused = true);

    /// <summary>The process prints a line.</summary>
    public void Print(string container, LogLine line) => Locked(() =>
    {
        Print(Find(container), line);
        return true;
    });

    private void Start(FakeContainer container)
    {
        try
        {
            CheckStart(container);
            foreach (var endpoint in container.Networks) container.Addresses[endpoint.Network] = Allocate(endpoint);
        }
        catch (EngineException e)
        {
            container.Addresses.Clear();
            container.Error = e.DaemonMessage;
            throw;
        }

        container.Run++;
        (container.Status, container.StartedAt, container.ExitCode, container.Error) = ("running", _time.GetUtcNow(), 0, "");
        container.StartedTimestamp = _time.GetTimestamp();
        (container.OomKilled, container.IsManuallyStopped) = (false, false);
        Emit(container, "start");
        foreach (var line in container.Image.Prints) Print(container, line);
        StartProbes(container);
        if (container.Image.ExitsAfter is { } after) After(container, after, () => Exit(container, container.Image.OomKilled ? KilledCode : container.Image.ExitCode, container.Image.OomKilled));
    }

    private void CheckStart(FakeContainer container)
    {
        if (container.Image.StartError is { } error)
        {
            (container.ExitCode, container.FinishedAt) = (127, null);
            throw Refuse(400, error);
        }

        foreach (var endpoint in container.Networks) FindNetwork(endpoint.Network);
        container.Ports.Clear();
        foreach (var port in container.Request.PortBindings)
        {
            var used = _containers.Where(other => other.IsRunning).SelectMany(other => other.Ports).Where(other => other.Protocol == port.Protocol).Select(other => other.HostPort).ToHashSet();
            if (port.HostPort is { } wanted && used.Contains(wanted))
            {
                throw Refuse(500, $"driver failed programming external connectivity on endpoint {container.Name}: Bind for {port.HostIp ?? "0.0.0.0"}:{wanted} failed: port is already allocated");
            }

            container.Ports.Add(port with { HostPort = port.HostPort ?? Enumerable.Range(FirstFreePort, used.Count + 1).First(free => !used.Contains(free)) });
        }
    }

    /// <summary>Returns how long the process takes to end by it; null when it does not.</summary>
    private TimeSpan? Signal(FakeContainer container, string signal)
    {
        container.SignalList.Add(signal);
        container.IsPaused = false;
        Emit(container, "kill", ("signal", IsKill(signal) ? "9" : signal == "SIGTERM" ? "15" : signal));
        if (IsKill(signal))
        {
            Exit(container, KilledCode, oomKilled: false);
            return TimeSpan.Zero;
        }

        if (signal != (container.Request.StopSignal ?? "SIGTERM") || container.Image.StopTakes is not { } takes) return null;
        if (takes <= TimeSpan.Zero) Exit(container, container.Image.StopExitCode, oomKilled: false);
        else After(container, takes, () => Exit(container, container.Image.StopExitCode, oomKilled: false));
        return takes;
    }

    private static bool IsKill(string signal) => signal is "SIGKILL" or "SIG9";

    private void Exit(FakeContainer container, int code, bool oomKilled)
    {
        End(container, code, oomKilled);
        if (oomKilled) Emit(container, "oom");
        Emit(container, "die", ("exitCode", Code(code)));
        if (container.IsManuallyStopped && container.SignalList.Count > 0) Emit(container, "stop");
        if (container.IsManuallyStopped || !RestartsAfter(container, code)) return;

        var ran = container.Ran(_time);
        container.RestartDelay = ran >= GoodRun || container.RestartDelay == TimeSpan.Zero ? RestartDelayMin : Min(container.RestartDelay * 2, RestartDelayMax);
        container.Status = "restarting";
        After(container, container.RestartDelay, () => TryRestart(container));
    }

    private void PowerOff(FakeContainer container)
    {
        End(container, KilledCode, oomKilled: false);
        container.Status = "exited";
    }

    private void End(FakeContainer container, int code, bool oomKilled)
    {
        container.Run++;
        container.IsPaused = false;
        foreach (var timer in container.Timers) timer.Dispose();
        container.Timers.Clear();
        (container.Status, container.FinishedAt, container.ExitCode, container.OomKilled) = ("exited", _time.GetUtcNow(), code, oomKilled);
        container.Addresses.Clear();
        foreach (var follower in container.Followers) follower.Close();
        container.Followers.Clear();
        foreach (var waiter in container.Waiters) Later(() => waiter(code));
        container.Waiters.Clear();
    }

    private static bool RestartsAfter(FakeContainer container, int code) => container.RestartPolicy switch
    {
        { Name: "always" or "unless-stopped" } => true,
        { Name: "on-failure", MaximumRetryCount: var most } => code != 0 && (most == 0 || container.RestartCount < most),
        _ => false,
    };

    private static bool RestartsAtBoot(FakeContainer container) =>
        container.Status == "exited" && (container.RestartPolicy.Name == "always" || (container.RestartPolicy.Name == "unless-stopped" && !container.IsManuallyStopped));

    private void TryRestart(FakeContainer container)
    {
        container.RestartCount++;
        try
        {
            Start(container);
        }
        catch (EngineException)
        {
            // As with a real engine: the container stays down and says why in its Error.
            container.Status = "exited";
        }
    }

    private void StartProbes(FakeContainer container)
    {
        container.Health = null;
        if (container.Healthcheck is not { } check) return;
        container.Health = new HealthState("starting", 0, "", 0);
        After(container, check.Interval ?? ProbeInterval, () => Probe(container, check));
    }

    private void Probe(FakeContainer container, Healthcheck check)
    {
        var before = container.Health!;
        var isHealthy = container.IsHealthy(_time);
        var isGrace = before.Status == "starting" && container.Ran(_time) < (check.StartPeriod ?? TimeSpan.Zero);
        var streak = isHealthy ? 0 : isGrace ? before.FailingStreak : before.FailingStreak + 1;
        var status = isHealthy ? "healthy" : streak >= (check.Retries is > 0 ? check.Retries : ProbeRetries) ? "unhealthy" : before.Status;
        container.Health = new HealthState(status, streak, container.Image.ProbeOutput, isHealthy ? 0 : 1);
        if (status != before.Status) Emit(container, "health_status: " + status);
        After(container, check.Interval ?? ProbeInterval, () => Probe(container, check));
    }

    private void Print(FakeContainer container, LogLine line)
    {
        if (container.Log.Count == LogLinesMax) container.Log.RemoveAt(0);
        container.Log.Add((_time.GetUtcNow(), line));
        foreach (var follower in container.Followers) follower.Push(line);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
