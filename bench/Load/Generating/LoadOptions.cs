namespace Orchestrator.Load.Generating;

/// <summary>What to send, and within which bounds.</summary>
public sealed record LoadOptions
{
    public required IReadOnlyList<Target> Targets { get; init; }

    /// <summary>Requests a second over kept connections, all targets together. 0 sends none.</summary>
    public int Rate { get; init; } = 1000;

    /// <summary>Kept connections, and so the most of these requests that are under way at once.</summary>
    public int Connections { get; init; } = 32;

    /// <summary>Requests a second that each open a connection of their own.</summary>
    public int ShortRate { get; init; } = 100;

    /// <summary>The most short connections at once.</summary>
    public int ShortConnections { get; init; } = 64;

    /// <summary>Streamed answers under way at all times.</summary>
    public int Streams { get; init; } = 10;

    public TimeSpan StreamLength { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>WebSockets open at all times.</summary>
    public int WebSockets { get; init; } = 10;

    /// <summary>For a connect, and for each silence between two bytes of an answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    public static LoadOptions Parse(Arguments arguments) => arguments.Plain.Count == 0
        ? throw new UsageException("load needs at least one URL, such as http://10.77.0.1:8080")
        : new LoadOptions
        {
            Targets = [.. arguments.Plain.Select(Target.Parse)],
            Rate = arguments.Count("--rate", 1000, 0, 100_000),
            Connections = arguments.Count("--connections", 32, 1, 10_000),
            ShortRate = arguments.Count("--short-rate", 100, 0, 10_000),
            ShortConnections = arguments.Count("--short-connections", 64, 1, 10_000),
            Streams = arguments.Count("--streams", 10, 0, 10_000),
            StreamLength = arguments.Duration("--stream-length", TimeSpan.FromSeconds(10)),
            WebSockets = arguments.Count("--websockets", 10, 0, 10_000),
            Timeout = arguments.Duration("--timeout", TimeSpan.FromSeconds(5)),
        };
}
