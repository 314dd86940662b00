using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Connections;

namespace Orchestrator.Cli.Commands;

internal sealed class VersionCommand : CliCommand
{
    /// <summary>A version is asked for when things do not work; a coordinator that is away must not hold it up.</summary>
    private static readonly TimeSpan _coordinatorWait = TimeSpan.FromSeconds(3);

    private readonly Option<bool> _json = Parsing.Json();

    public VersionCommand(CliServices services, GlobalOptions globals)
        : base("version", "Show the versions of this program and of the coordinator", services, globals)
    {
        Options.Add(_json);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var context = invocation.Choice.Context ?? invocation.Services.Contexts.Current;
        var local = context is null || invocation.Choice.IsLocal;
        var coordinator = local ? null : await CoordinatorAsync(invocation).ConfigureAwait(false);
        var version = new VersionView(invocation.Services.Version, local ? CoordinatorChoice.LocalNames[0] : context!, coordinator);
        if (invocation.Arguments.GetValue(_json))
        {
            invocation.Voice.Json(version, CliViewJson.Default.VersionView);
            return ExitCode.Done;
        }

        invocation.Voice.Data($"orchestrator {version.Client}");
        if (coordinator is not null)
            invocation.Voice.Data($"coordinator {coordinator.Version} at {coordinator.Address} (context {version.Context})");
        return ExitCode.Done;
    }

    private static async Task<CoordinatorVersion?> CoordinatorAsync(Invocation invocation)
    {
        using var wait = new CancellationTokenSource(_coordinatorWait, invocation.Services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, invocation.Interrupted);
        try
        {
            await using var connection = await invocation.Services.Coordinators.OpenAsync(invocation.Choice, either.Token).ConfigureAwait(false);
            return await connection.Coordinator.VersionAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (wait.IsCancellationRequested)
        {
            invocation.Voice.Warn($"the coordinator did not answer within {_coordinatorWait.TotalSeconds:0} s");
        }
        catch (CoordinatorException e)
        {
            invocation.Voice.Warn(e.Message);
        }

        return null;
    }
}
