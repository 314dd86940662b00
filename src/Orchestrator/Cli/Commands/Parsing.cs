using System.CommandLine;
using System.Globalization;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Commands;

/// <summary>Arguments and options that several commands take.</summary>
internal static class Parsing
{
    public static Argument<string> Stack() => new("STACK") { Description = "The stack's name, as `ls` shows it" };

    public static Option<bool> Json() => new("--json") { Description = "Write JSON for scripts" };

    public static Option<bool> SkipUnreachable() => new("--skip-unreachable") { Description = "Go on without hosts that do not answer; what they have of the stack is put right when they are back" };

    public static Option<string?> Since(string description) => new("--since") { Description = $"{description}: a duration ago like 10m, or a time like 2026-01-31T12:00:00Z", HelpName = "time" };

    /// <summary>Throws (exit code 2) when it is neither.</summary>
    public static DateTimeOffset? Time(string name, string? text, DateTimeOffset now)
    {
        if (text is null)
            return null;
        if (DurationText.TryParse(text, out var ago))
            return now - ago;
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            return at;
        throw CliException.Usage($"{name}: `{text}` is neither a duration like 10m nor a time like 2026-01-31T12:00:00Z");
    }

    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "duration",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (DurationText.TryParse(text, out var duration))
                return duration;
            result.AddError($"{name}: `{text}` is not a duration; write it like 90s, 5m, 1h30m or 2d.");
            return null;
        },
    };
}
