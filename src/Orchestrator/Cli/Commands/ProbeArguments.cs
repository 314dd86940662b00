using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Orchestrator.Cli.Progress;
using Orchestrator.Probing;

namespace Orchestrator.Cli.Commands;

/// <summary>The options of a change that is proven while it goes on.</summary>
internal sealed class ProbeArguments
{
    private static readonly TimeSpan _defaultAround = TimeSpan.FromSeconds(2);

    /// <summary>Longer is a slip of the keyboard: the change waits for it.</summary>
    private static readonly TimeSpan _aroundMax = TimeSpan.FromHours(1);

    private static readonly TimeSpan _timeoutMax = TimeSpan.FromMinutes(1);

    private readonly Option<Uri[]?> _probe = new("--probe")
    {
        Description = "Send steady GET requests to these URLs before, during and after the change, and report failures, gaps and latencies; separated by commas, or repeated",
        HelpName = "url[,url...]",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = Urls,
    };

    private readonly Option<double?> _rate = new("--probe-rate")
    {
        Description = "Requests per second, over all URLs together (default: 20)",
        HelpName = "n",
        CustomParser = Rate,
    };

    private readonly Option<string> _connections = new("--probe-connections") { Description = "reuse, new or mixed: kept-alive connections, a new one for each request, or half and half", DefaultValueFactory = _ => "mixed" };
    private readonly Option<TimeSpan?> _timeout = Parsing.Duration("--probe-timeout", "The longest an answer may take (default: 5s)");
    private readonly Option<bool> _insecure = new("--probe-insecure") { Description = "Accept any certificate" };

    private readonly Option<StatusCodes?> _expect = new("--probe-expect")
    {
        Description = "Status codes that count as success, such as 200,204,401 or 200-299 (default: 200-399)",
        HelpName = "codes",
        CustomParser = Codes,
    };

    private readonly Option<TimeSpan?> _before = Parsing.Duration("--probe-before", "How long to probe before the change begins (default: 2s)");
    private readonly Option<TimeSpan?> _after = Parsing.Duration("--probe-after", "How long to probe after the change has ended (default: 2s)");
    private readonly Option<long> _maxFailures = new("--max-failures") { Description = "Failed requests that are allowed; with more the exit code is 1 (default: 0)", HelpName = "n" };
    private readonly Option<bool> _rollback = new("--rollback-on-probe") { Description = "Go back to the revision before as soon as more requests have failed than allowed; exit code 3" };

    public void AddTo(Command command)
    {
        _connections.AcceptOnlyFromAmong("mixed", "reuse", "new");
        Option[] others = [_rate, _connections, _timeout, _insecure, _expect, _before, _after, _maxFailures, _rollback];
        command.Options.Add(_probe);
        foreach (var option in others)
            command.Options.Add(option);
        command.Validators.Add(result => Check(result, others));
    }

    public bool IsAsked(CommandResult result) => result.GetResult(_probe) is not null;

    /// <summary>Null when no probe is asked for.</summary>
    public ProofSettings? Of(ParseResult arguments)
    {
        if (arguments.GetValue(_probe) is not { Length: > 0 } urls)
            return null;
        var defaults = new ProbeOptions { Urls = [.. urls] };
        var options = defaults with
        {
            Rate = arguments.GetValue(_rate) ?? defaults.Rate,
            Connections = arguments.GetValue(_connections) switch
            {
                "reuse" => ProbeConnections.Reuse,
                "new" => ProbeConnections.New,
                _ => ProbeConnections.Mixed,
            },
            Timeout = arguments.GetValue(_timeout) ?? defaults.Timeout,
            Insecure = arguments.GetValue(_insecure),
            Expect = arguments.GetValue(_expect) ?? defaults.Expect,
        };
        return new ProofSettings(options, arguments.GetValue(_before) ?? _defaultAround, arguments.GetValue(_after) ?? _defaultAround, arguments.GetValue(_maxFailures), arguments.GetValue(_rollback));
    }

    private void Check(CommandResult result, Option[] others)
    {
        if (!IsAsked(result) && Array.Find(others, o => result.GetResult(o) is { Implicit: false }) is { } alone)
            result.AddError($"{alone.Name} needs --probe URL.");
        if (result.GetValue(_before) > _aroundMax || result.GetValue(_after) > _aroundMax)
            result.AddError("--probe-before and --probe-after: at most 1h.");
        if (result.GetValue(_timeout) > _timeoutMax)
            result.AddError("--probe-timeout: at most 1m.");
        if (result.GetValue(_maxFailures) < 0)
            result.AddError("--max-failures: a number from 0.");
    }

    private static Uri[]? Urls(ArgumentResult result)
    {
        var urls = new List<Uri>();
        foreach (var word in result.Tokens.SelectMany(t => Split(t.Value)))
        {
            if (!Uri.TryCreate(word, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
                result.AddError($"--probe: `{word}` is not a URL to ask; write it like http://127.0.0.1:8080/health.");
            else if (url.UserInfo.Length > 0)
                result.AddError("--probe: a URL with a user name or password cannot be probed: it would stand in the report.");
            else
                urls.Add(url);
        }

        if (urls.Count > ProbeOptions.UrlsMax)
            result.AddError($"--probe: at most {ProbeOptions.UrlsMax} URLs.");
        return [.. urls];
    }

    /// <summary>A comma separates only where a URL begins behind it: one may have commas of its own.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var begin = 0;
        for (var comma = text.IndexOf(',', StringComparison.Ordinal); comma >= 0; comma = text.IndexOf(',', comma + 1))
        {
            if (text.AsSpan(comma + 1).StartsWith("http", StringComparison.OrdinalIgnoreCase))
            {
                yield return text[begin..comma];
                begin = comma + 1;
            }
        }

        yield return text[begin..];
    }

    private static double? Rate(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) && rate is >= ProbeOptions.RateMin and <= ProbeOptions.RateMax)
            return rate;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"--probe-rate: `{text}` is not a rate; from {ProbeOptions.RateMin} to {ProbeOptions.RateMax} requests per second."));
        return null;
    }

    private static StatusCodes? Codes(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (StatusCodes.Parse(text) is { } codes)
            return codes;
        result.AddError($"--probe-expect: `{text}` are not status codes; write them like 200,204,401 or 200-299.");
        return null;
    }
}
