using System.CommandLine;
using Orchestrator.Cli.Connections;
using Orchestrator.Networks;

namespace Orchestrator.Cli.Commands;

internal sealed class ServeCommand : CliCommand
{
    public const string DefaultListen = "0.0.0.0:7443";

    private readonly Option<bool> _init = new("--init") { Description = "Make the fleet's authority and store if there are none, and a context for you" };
    private readonly Option<string?> _data = new("--data-dir") { Description = "Where the coordinator keeps its state and keys", HelpName = "folder" };
    private readonly Option<string> _listen = new("--listen") { Description = "The address to listen on", HelpName = "host:port", DefaultValueFactory = _ => DefaultListen };
    private readonly Option<string[]> _advertise = new("--advertise") { Description = "An address agents and clients reach it by; repeatable (default: the one it listens on)", HelpName = "host:port" };
    private readonly Option<string?> _overlayPool = new("--overlay-pool") { Description = $"The addresses that networks between hosts are made from (default: {Defaults.Pool})", HelpName = "cidr" };
    private readonly Option<int?> _overlayPrefix = new("--overlay-prefix") { Description = $"Size of each such network, as a prefix (default: {Defaults.NetworkPrefix})", HelpName = "bits" };
    private readonly Option<int?> _overlayHostPrefix = new("--overlay-host-prefix") { Description = $"Size of one host's part of it (default: {Defaults.SlicePrefix}): 18 and 25 have room for 128 hosts of 125 replicas, 17 and 27 for 1,024 of 29", HelpName = "bits" };
    private readonly EtcdOptions _etcd = new();

    private static readonly OverlayOptions Defaults = new();

    public ServeCommand(CliServices services, GlobalOptions globals)
        : base("serve", "Run the coordinator of a fleet", services, globals)
    {
        Options.Add(_init);
        Options.Add(_data);
        Options.Add(_listen);
        Options.Add(_advertise);
        Options.Add(_overlayPool);
        Options.Add(_overlayPrefix);
        Options.Add(_overlayHostPrefix);
        _etcd.AddTo(this);
        Validators.Add(result =>
        {
            if (OverlayAllocator.PoolError(Overlay(result.GetValue(_overlayPool), result.GetValue(_overlayPrefix), result.GetValue(_overlayHostPrefix))) is { } error)
                result.AddError(error);
        });
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
            _etcd.Read(arguments))
        {
            Overlay = Overlay(arguments.GetValue(_overlayPool), arguments.GetValue(_overlayPrefix), arguments.GetValue(_overlayHostPrefix)),
        };
        await invocation.Services.Daemon.ServeAsync(settings, invocation.Voice.Say, invocation.Interrupted).ConfigureAwait(false);
        // A daemon that was asked to stop and has stopped has done as it was told.
        return ExitCode.Done;
    }

    private static OverlayOptions Overlay(string? pool, int? prefix, int? hostPrefix) => new()
    {
        Pool = pool ?? Defaults.Pool,
        NetworkPrefix = prefix ?? Defaults.NetworkPrefix,
        SlicePrefix = hostPrefix ?? Defaults.SlicePrefix,
    };

    private static void RequireAddress(string option, string? address, Action<string> refuse)
    {
        var colon = address?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !ushort.TryParse(address.AsSpan(colon + 1), out _))
            refuse($"{option}: `{address}` is not HOST:PORT, such as {DefaultListen}.");
    }
}
