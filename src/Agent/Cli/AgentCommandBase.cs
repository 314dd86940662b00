using System.CommandLine;
using System.Net;
using Orchestrator.Engine;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

/// <summary>A command on a data folder, and the one place where its failures become a message and an exit code.</summary>
internal abstract class AgentCommandBase : Command
{
    protected AgentCommandBase(string name, string description)
        : base(name, description)
    {
        Options.Add(DataDir);
        SetAction(InvokeAsync);
    }

    protected Option<string> DataDir { get; } = new("--data-dir") { Description = "Where the agent keeps its identity", HelpName = "folder", DefaultValueFactory = _ => AgentFolder.Default };

    protected static Option<string?> AdvertiseOption() => new("--advertise-address") { Description = "Where the other hosts of the fleet reach this one (default: the address from which the coordinator is reached)", HelpName = "IP" };

    /// <exception cref="TrustException">It is no address.</exception>
    protected static string? Advertised(string? text) => text is null ? null : IPAddress.TryParse(text, out var address)
        ? address.ToString()
        : throw new TrustException(TrustErrorKind.Invalid, $"--advertise-address {text}: it is an IP address of this host, such as 10.0.0.5");

    protected abstract Task<int> RunAsync(ParseResult arguments, AgentFolder folder, CancellationToken cancellation);

    private async Task<int> InvokeAsync(ParseResult arguments, CancellationToken cancellation)
    {
        try
        {
            return await RunAsync(arguments, new AgentFolder(Path.GetFullPath(arguments.GetValue(DataDir)!)), cancellation);
        }
        catch (TrustException e)
        {
            return await FailAsync(e.Message, ExitCode.Of(e.Kind));
        }
        catch (EngineException e)
        {
            return await FailAsync(e.Message, ExitCode.Unreachable);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return await FailAsync($"{e.Message} The agent's folder belongs to root: run it as root, or give --data-dir.", ExitCode.Failed);
        }

        async Task<int> FailAsync(string message, int code)
        {
            await arguments.InvocationConfiguration.Error.WriteLineAsync($"orchestrator-agent {Name}: {message}");
            return code;
        }
    }
}
