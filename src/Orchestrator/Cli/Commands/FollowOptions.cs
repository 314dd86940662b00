using System.CommandLine;
using Orchestrator.Cli.Progress;

namespace Orchestrator.Cli.Commands;

/// <summary>The options of every command that makes or follows a change.</summary>
internal sealed class FollowOptions
{
    private readonly Option<bool> _detach = new("--detach", "-d") { Description = "Return as soon as the fleet's coordinator has accepted the change" };
    private readonly Option<TimeSpan?> _timeout = Parsing.Duration("--timeout", "Stop waiting after this long, with exit code 4 (such as 90s, 5m)");
    private readonly Option<bool> _wait = new("--wait") { Description = "Go on waiting when a rollout is held for `orchestrator promote`; without it the command ends there, with exit code 0" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Say errors only" };
    private readonly Option<bool> _json = new("--json") { Description = "Write each event as one line of JSON" };

    private readonly ProbeArguments _probe = new();
    private bool _mayProbe;

    public void AddTo(Command command, bool mayDetach = true, bool mayProbe = false)
    {
        _mayProbe = mayProbe;
        if (mayDetach)
            command.Options.Add(_detach);
        command.Options.Add(_timeout);
        command.Options.Add(_wait);
        command.Options.Add(_quiet);
        command.Options.Add(_json);
        if (mayProbe)
            _probe.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_quiet) && result.GetValue(_json))
                result.AddError("--quiet and --json exclude each other.");
            if (mayDetach && result.GetValue(_detach) && result.GetValue(_wait))
                result.AddError("--detach and --wait exclude each other.");
            if (mayDetach && result.GetValue(_detach) && result.GetResult(_timeout) is not null)
                result.AddError("--detach and --timeout exclude each other: a detached command does not wait.");
            if (mayProbe && result.GetValue(_detach) && _probe.IsAsked(result))
                result.AddError("--detach and --probe exclude each other: this command is what probes.");
        });
    }

    public FollowSettings Of(ParseResult arguments) => new(
        IsJson(arguments) ? DisplayKind.Json : arguments.GetValue(_quiet) ? DisplayKind.Quiet : DisplayKind.Automatic,
        arguments.GetValue(_detach),
        arguments.GetValue(_timeout),
        _mayProbe ? _probe.Of(arguments) : null);

    public bool Waits(ParseResult arguments) => arguments.GetValue(_wait);

    public bool IsJson(ParseResult arguments) => arguments.GetValue(_json);
}
