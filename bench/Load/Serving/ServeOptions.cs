namespace Orchestrator.Load.Serving;

/// <param name="Version">Answered as <c>X-Version</c>; the variable <c>VERSION</c> when not given.</param>
/// <param name="StartDelay"><c>/healthz</c> answers 503 for so long after the start.</param>
/// <param name="Delay">Added to each answer of <c>/</c>.</param>
/// <param name="FailRate">The share of answers of <c>/</c> that are 500, evenly spread.</param>
/// <param name="Grace">How long requests in flight may take once the end was asked for.</param>
public sealed record ServeOptions(int Port, string Version, TimeSpan StartDelay, TimeSpan Delay, double FailRate, TimeSpan Grace)
{
    public static ServeOptions Parse(IReadOnlyList<string> words)
    {
        var arguments = new Arguments(words);
        var options = new ServeOptions(
            arguments.Count("--port", 80, 0, 65535),
            arguments.Text("--version") ?? Environment.GetEnvironmentVariable("VERSION") ?? "dev",
            arguments.Duration("--start-delay", TimeSpan.Zero),
            arguments.Duration("--delay", TimeSpan.Zero),
            arguments.Share("--fail-rate"),
            arguments.Duration("--grace", TimeSpan.FromSeconds(20)));
        arguments.NothingElse();
        return options;
    }
}
