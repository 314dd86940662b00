using System.Collections.Immutable;
using System.CommandLine;
using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

internal sealed class JoinCommand : AgentCommandBase
{
    private readonly Argument<string> _url = new("url") { Description = "A coordinator's address, such as https://manager:7443", HelpName = "URL" };
    private readonly Option<string> _token = new("--token") { Description = "From 'orchestrator token create --role agent'; '-' reads it from the standard input", HelpName = "token", Required = true };
    private readonly Option<string?> _name = new("--name") { Description = "The host's name in the fleet (default: its host name)", HelpName = "name" };
    private readonly Option<string?> _docker = new("--docker") { Description = "The engine's address (default: as Docker's own tools find it)", HelpName = "host" };
    private readonly Option<string[]> _labels = new("--label") { Description = "For placement constraints (node.labels.k==v); repeatable", HelpName = "k=v" };
    private readonly Option<string?> _advertise = AdvertiseOption();
    private readonly Option<string?> _ingressImage = new("--ingress-image") { Description = $"The ingress's HAProxy image on this host (default: {IngressOptions.DefaultImage})", HelpName = "image" };
    private readonly Option<bool> _force = new("--force") { Description = "Replace the identity of a host that has joined before" };
    private readonly TimeProvider _time;

    public JoinCommand(TimeProvider time)
        : base("join", "Make this host a member of a fleet")
    {
        _time = time;
        Arguments.Add(_url);
        foreach (var option in new Option[] { _token, _name, _docker, _labels, _advertise, _ingressImage, _force }) Options.Add(option);
    }

    protected override async Task<int> RunAsync(ParseResult arguments, AgentFolder folder, CancellationToken cancellation)
    {
        var url = Address(arguments.GetValue(_url)!);
        var labels = Labels(arguments.GetValue(_labels) ?? []);
        var docker = arguments.GetValue(_docker);
        if (docker is not null) _ = EngineAddress.Parse(docker, source: "--docker");
        var advertised = Advertised(arguments.GetValue(_advertise));
        var name = (arguments.GetValue(_name) ?? Environment.MachineName).ToLowerInvariant();

        using var held = folder.Lock();
        if (folder.HasJoined && !arguments.GetValue(_force))
        {
            throw new TrustException(TrustErrorKind.Conflict, $"this host has joined as '{folder.Load().Name}' already ({folder.Path}): give --force to replace its identity, or another --data-dir");
        }

        var text = arguments.GetValue(_token)!;
        if (text == "-") text = await Console.In.ReadLineAsync(cancellation) ?? "";
        if (!JoinToken.TryParse(text, out var token, out var error)) throw new TrustException(TrustErrorKind.Invalid, $"--token: {error}");

        var joined = await JoinClient.JoinAsync(url, token, name, _time, cancellation);
        if (joined.Identity.Role != CertificateRole.Agent) throw new TrustException(TrustErrorKind.Invalid, $"this token makes {CertificateIdentity.RoleWord(joined.Identity.Role)}s, not agents: make one with --role agent");

        // The address that was dialled is known to work from this host; the others serve when it does not.
        ImmutableArray<Uri> coordinators = [url, .. joined.Coordinators.Select(c => new Uri(c)).Where(c => c != url)];
        folder.Save(new AgentConfig { Name = name, Coordinators = coordinators, Docker = docker, Labels = labels, AdvertiseAddress = advertised, IngressImage = arguments.GetValue(_ingressImage) }, joined);
        await arguments.InvocationConfiguration.Output.WriteLineAsync($"{name} has joined the fleet at {url}. Next: systemctl start orchestrator-agent, or orchestrator-agent run --data-dir {folder.Path}");
        return ExitCode.Done;
    }

    private static Uri Address(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"https://{text}";
        if (!Uri.TryCreate(full, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps || url.PathAndQuery != "/")
        {
            throw new TrustException(TrustErrorKind.Invalid, $"'{text}' is no address of a coordinator: it is https://host:port");
        }

        // A port that was not said is the coordinator's own, not that of the web.
        return full.EndsWith(":443", StringComparison.Ordinal) || full.EndsWith(":443/", StringComparison.Ordinal) || !url.IsDefaultPort
            ? url
            : new UriBuilder(url) { Port = LinkProtocol.DefaultPort }.Uri;
    }

    private static ImmutableSortedDictionary<string, string> Labels(string[] pairs)
    {
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new TrustException(TrustErrorKind.Invalid, $"--label {pair}: it is key=value");
            labels[pair[..equals]] = pair[(equals + 1)..];
        }

        return labels.ToImmutable();
    }
}
