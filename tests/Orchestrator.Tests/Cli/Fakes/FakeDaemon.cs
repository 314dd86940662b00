using Orchestrator.Cli.Connections;

namespace Orchestrator.Tests.Cli.Fakes;

internal sealed class FakeDaemon : IDaemon
{
    public ServeSettings? Settings { get; private set; }

    public string? TokenAsked { get; private set; }

    public Task ServeAsync(ServeSettings settings, Action<string> say, CancellationToken cancellation)
    {
        Settings = settings;
        say($"listening on {settings.Listen}");
        return Task.CompletedTask;
    }

    public Task<string> CreateTokenAsync(string? dataDirectory, string role, TimeSpan lifetime, CancellationToken cancellation)
    {
        TokenAsked = $"{dataDirectory} {role} {lifetime}";
        return Task.FromResult("orc1.from.data.folder");
    }
}
