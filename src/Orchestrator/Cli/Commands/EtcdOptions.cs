using System.CommandLine;
using Orchestrator.Cli.Rendering;
using Orchestrator.Traffic.Etcd;

namespace Orchestrator.Cli.Commands;

/// <summary><c>--etcd</c> and what belongs to it.</summary>
internal sealed class EtcdOptions
{
    /// <summary>The shortest lease that etcd grants with its usual election timeout.</summary>
    private const int LeaseSecondsMin = 5;

    private readonly Option<string?> _endpoints = new("--etcd") { Description = "Write the fleet's endpoints to this etcd, for confd and others to watch; several, with commas, are members of one cluster", HelpName = "url,..." };
    private readonly Option<string?> _prefix = new("--etcd-prefix") { Description = $"Before every key (default: {EtcdSinkOptions.DefaultPrefix})", HelpName = "path" };
    private readonly Option<string?> _lease = new("--etcd-lease") { Description = "How long the keys outlive a coordinator that is gone (default: 60s); 0: for ever", HelpName = "time" };
    private readonly Option<string?> _user = new("--etcd-user") { Description = "etcd's user", HelpName = "name" };
    private readonly Option<string?> _password = new("--etcd-password-file") { Description = "A file with the user's password", HelpName = "file" };
    private readonly Option<string?> _authority = new("--etcd-ca") { Description = "Certificates that etcd's is checked against (default: the system's)", HelpName = "file" };
    private readonly Option<string?> _certificate = new("--etcd-cert") { Description = "Our certificate for etcd", HelpName = "file" };
    private readonly Option<string?> _key = new("--etcd-key") { Description = "Its key", HelpName = "file" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _endpoints, _prefix, _lease, _user, _password, _authority, _certificate, _key })
            command.Options.Add(option);
    }

    /// <summary>Null without <c>--etcd</c>.</summary>
    /// <exception cref="CliException">An option is malformed, needs another, or names a file that cannot be read.</exception>
    public EtcdSinkOptions? Read(ParseResult arguments)
    {
        var given = arguments.GetValue(_endpoints);
        if (given is null)
        {
            var alone = new[] { _prefix, _lease, _user, _password, _authority, _certificate, _key }.FirstOrDefault(option => arguments.GetValue(option) is not null);
            return alone is null ? null : throw CliException.Usage($"{alone.Name} is of no use without --etcd; add --etcd http://host:2379, or leave it out");
        }
        RequireBoth(arguments, _user, _password);
        RequireBoth(arguments, _certificate, _key);
        return new EtcdSinkOptions
        {
            Endpoints = [.. given.Split(',', StringSplitOptions.TrimEntries).Select(Endpoint)],
            Prefix = Prefix(arguments.GetValue(_prefix) ?? EtcdSinkOptions.DefaultPrefix),
            Lease = Lease(arguments.GetValue(_lease) ?? "60s"),
            Login = arguments.GetValue(_user) is { } user ? new EtcdLogin(user, Password(arguments.GetValue(_password)!)) : null,
            AuthorityFile = File(_authority, arguments),
            CertificateFile = File(_certificate, arguments),
            KeyFile = File(_key, arguments),
        };
    }

    private static void RequireBoth(ParseResult arguments, Option<string?> one, Option<string?> other)
    {
        if (arguments.GetValue(one) is null != arguments.GetValue(other) is null)
            throw CliException.Usage($"{one.Name} and {other.Name} belong together; give both or none");
    }

    private static Uri Endpoint(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0
            ? uri
            : throw CliException.Usage($"--etcd: `{text}` is no address of etcd, such as http://host:2379 or https://host:2379; a user is given with --etcd-user");

    private static string Prefix(string text) => text.StartsWith('/') && text.TrimEnd('/').Length > 0 && text.All(c => c is > ' ' and < (char)127)
        ? text.TrimEnd('/')
        : throw CliException.Usage($"--etcd-prefix: `{text}` is no path such as {EtcdSinkOptions.DefaultPrefix}");

    private static TimeSpan Lease(string text)
    {
        if (text == "0")
            return TimeSpan.Zero;
        return DurationText.TryParse(text, out var lease) && (lease >= TimeSpan.FromSeconds(LeaseSecondsMin) && lease <= TimeSpan.FromDays(1))
            ? lease
            : throw CliException.Usage($"--etcd-lease: {text} is not between {LeaseSecondsMin}s and 24h; 0 keeps the keys for ever");
    }

    private static string Password(string path)
    {
        try
        {
            return System.IO.File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"--etcd-password-file: {e.Message}");
        }
    }

    private static string? File(Option<string?> option, ParseResult arguments) => arguments.GetValue(option) is not { } path
        ? null
        : System.IO.File.Exists(path) ? Path.GetFullPath(path) : throw CliException.Usage($"{option.Name}: there is no file {path}");
}
