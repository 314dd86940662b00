using System.CommandLine;
using Orchestrator.Cli.Connections;

namespace Orchestrator.Cli.Commands;

internal sealed class ServeCommand : CliCommand
{
    public const string DefaultListen = "0.0.0.0:7443";

    private readonly Option<bool> _init = new("--init") { Description = "Make the fleet's authority and store if there are none, and a context for you" };
    private readonly Option<string?> _data = new("--data-dir") { Description = "Where the coordinator keeps its state and keys", HelpName = "folder" };
    private readonly Option<string> _listen = new("--listen") { Description = "The address to listen on", HelpName = "host:port", DefaultValueFactory = _ => DefaultListen };
    private readonly Option<string[]> _advertise = new("--advertise") { Description = "An address agents and clients reach it by; repeatable (default: the one it listens on)", HelpName = "host:port" };
    private readonly EtcdOptions _etcd = new();

    public ServeCommand(CliServices services, GlobalOptions globals)
        : base("serve", "Run the coordinator of a fleet", services, globals)
    {
        Options.Add(_init);
        Options.Add(_data);
        Options.Add(_listen);
        Options.Add(_advertise);
        _etcd.AddTo(this);
        _listen.Validators.Add(result => RequireAddress("--listen", result.GetValueOrDefault<string>(), result.AddError));
        _advertise.Validators.Add(result =>
        {
            foreach (var address in result.GetValueOrDefault<string[]>() ?? [])
                RequireAddress("--advertise", address, result.AddError);
        });
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var arguments = invocation.Arguments;
        var settings = new ServeSettings(
            arguments.GetValue(_init),
            arguments.GetValue(_data),
            arguments.GetValue(_listen) ?? DefaultListen,
            [.. arguments.GetValue(_advertise) ?? []],
            invocation.Choice.Context,
            _etcd.Read(arguments));
        await invocation.Services.Daemon.ServeAsync(settings, invocation.Voice.Say, invocation.Interrupted).ConfigureAwait(false);
        // A daemon that was asked to stop and has stopped has done as it was told.
        return ExitCode.Done;
    }

    private static void RequireAddress(string option, string? address, Action<string> refuse)
    {
        var colon = address?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(address.AsSpan(colon + 1), out _))
            refuse($"{option}: `{address}` is not HOST:PORT, such as {DefaultListen}.");
    }
}
