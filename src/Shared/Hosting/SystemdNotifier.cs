using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Orchestrator.Hosting;

/// <summary>Tells systemd how a service does (sd_notify(3)); does nothing when systemd did not start it.</summary>
/// <param name="socketPath">NOTIFY_SOCKET; a leading <c>@</c> means the abstract namespace.</param>
/// <param name="watchdogMicroseconds">WATCHDOG_USEC: systemd ends a service that has not been heard of for this long.</param>
public sealed class SystemdNotifier(string? socketPath, string? watchdogMicroseconds)
{
    /// <summary>Half of what systemd allows, as sd_watchdog_enabled(3) advises; null when it does not watch.</summary>
    public TimeSpan? WatchdogInterval { get; } =
        !string.IsNullOrEmpty(socketPath) && long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds / 2)
            : null;

    public static SystemdNotifier FromEnvironment() =>
        new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"));

    public void Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    public void Status(string status) => Send($"STATUS={OneLine(status)}");

    public void Stopping() => Send("STOPPING=1");

    public void Watchdog() => Send("WATCHDOG=1");

    /// <summary>Feeds the watchdog as long as <paramref name="alive"/> answers true in time; a program that hangs is thereby restarted.</summary>
    public async Task WatchAsync(Func<CancellationToken, Task<bool>> alive, TimeProvider time, CancellationToken cancellation)
    {
        if (WatchdogInterval is not { } interval) return;
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
            {
                if (await alive(cancellation)) Watchdog();
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    private void Send(string message)
    {
        if (string.IsNullOrEmpty(socketPath)) return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            var address = socketPath[0] == '@' ? "\0" + socketPath[1..] : socketPath;
            socket.SendTo(Encoding.UTF8.GetBytes(message), new UnixDomainSocketEndPoint(address));
        }
        catch (SocketException)
        {
            // systemd is told on a best-effort basis; the service works without it.
        }
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
