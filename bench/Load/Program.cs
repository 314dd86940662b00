using Orchestrator.Load;
using Orchestrator.Load.Checking;
using Orchestrator.Load.Generating;
using Orchestrator.Load.Measuring;
using Orchestrator.Load.Serving;

const string Usage = """
    usage: orchestrator-load serve [--port 80] [--version TEXT] [--start-delay 0s] [--delay 0s] [--fail-rate 0] [--grace 20s]
           orchestrator-load check URL
           orchestrator-load load URL... [--rate 1000] [--connections 32] [--short-rate 100] [--streams 10] [--websockets 10]
                             [--stream-length 10s] [--timeout 5s] [--duration 30s | --until-stdin-closes]
                             [--progress 5s] [--failures FILE] [--json]

    serve   the application under load: / /slow?seconds=N /ws /healthz; ends gracefully on SIGTERM
    check   exits 0 when URL answers 200 within two seconds, for a container's healthcheck
    load    requests against the URLs in turn until the duration has passed, SIGINT or SIGTERM; drains its own, then
            reports on standard output; exits 1 when a request failed
    """;

try
{
    return args switch
    {
        ["serve", .. var rest] => await TestApplication.RunAsync(ServeOptions.Parse(rest)),
        ["check", var url] => await HealthProbe.RunAsync(url),
        ["load", .. var rest] => await LoadCommand.RunAsync(rest),
        ["--help" or "-h" or "help"] => Say(Usage, 0),
        _ => Say(Usage, ExitCode.Usage),
    };
}
catch (UsageException wrong)
{
    await Console.Error.WriteLineAsync($"orchestrator-load: {wrong.Message}");
    return ExitCode.Usage;
}

static int Say(string text, int code)
{
    (code == 0 ? Console.Out : Console.Error).WriteLine(text);
    return code;
}
