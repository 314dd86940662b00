using System.CommandLine;
using System.Text;
using Orchestrator.Api;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;
using Orchestrator.Planning;

namespace Orchestrator.Cli.Commands;

internal sealed class PlanCommand : CliCommand
{
    private readonly StackFileOptions _file = new();
    private readonly Option<bool> _force = new("--force-recreate") { Description = "Plan to replace replicas that are up to date, too" };
    private readonly Option<bool> _skip = Parsing.SkipUnreachable();
    private readonly Option<string?> _out = new("--out") { Description = "Also write a plan file, which `apply` carries out exactly as it stands; it has the environment of the services in it", HelpName = "file" };
    private readonly Option<bool> _json = Parsing.Json();

    public PlanCommand(CliServices services, GlobalOptions globals)
        : base("plan", "Show what a deploy would create, replace and remove on each host, and why", services, globals)
    {
        _file.AddTo(this);
        Options.Add(_force);
        Options.Add(_skip);
        Options.Add(_out);
        Options.Add(_json);
    }

    public static async Task<int> ShowAsync(Invocation invocation, ICoordinator coordinator, ChangeRequest request, bool json)
    {
        var plan = await coordinator.PlanAsync(request, invocation.Interrupted).ConfigureAwait(false);
        Show(invocation, plan, json);
        return ExitCode.Done;
    }

    /// <param name="write">Takes each line.</param>
    private static void Show(Plan plan, Paint paint, Action<string> write)
    {
        foreach (var line in PlanText.Lines(plan, paint))
            write(line);
    }

    private static void Show(Invocation invocation, Plan plan, bool json)
    {
        if (json)
        {
            invocation.Voice.Json(plan, ApiJson.Default.Plan);
        }
        else
        {
            Show(plan, invocation.Voice.OutPaint, invocation.Voice.Data);
        }
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var (spec, services, _) = _file.Read(invocation);
        var request = new ChangeRequest.Deploy
        {
            Stack = spec.Name,
            Spec = spec,
            Services = [.. services],
            ForceRecreate = invocation.Arguments.GetValue(_force),
            SkipUnreachable = invocation.Arguments.GetValue(_skip),
        };
        if (invocation.Arguments.GetValue(_out) is { } wanted && !PlanFileTarget.IsStandardOutput(wanted))
            RequireNothingLost(invocation, wanted);
        await using var connection = await invocation.OpenAsync().ConfigureAwait(false);
        if (invocation.Arguments.GetValue(_out) is { } path)
        {
            var isStandardOutput = PlanFileTarget.IsStandardOutput(path);
            if (isStandardOutput && invocation.Arguments.GetValue(_json))
                throw CliException.Usage("--json and --out would both write to the standard output: name a file for the plan file");
            var file = await connection.Coordinator.PlanFileAsync(request, invocation.Interrupted).ConfigureAwait(false);
            var bytes = file.ToBytes();
            if (bytes.Length > PlanFile.BytesMax)
                throw CliException.Usage($"the plan file would have {bytes.Length / (1024 * 1024)} MiB, and a coordinator takes {PlanFile.BytesMax / (1024 * 1024)} MiB at most; nothing was written. Deploy without a plan file, or make the stack's configs and environments smaller");
            if (isStandardOutput)
            {
                invocation.Voice.Data(Encoding.UTF8.GetString(bytes).TrimEnd('\n'));
                Show(file.Plan, invocation.Voice.ErrorPaint, invocation.Voice.Say);
                return ExitCode.Done;
            }

            Write(path, bytes);
            Show(invocation, file.Plan, invocation.Arguments.GetValue(_json));
            invocation.Voice.Say($"written to {path}; carry it out with `{invocation.Hint($"apply {path}")}`");
            return ExitCode.Done;
        }

        return await ShowAsync(invocation, connection.Coordinator, request, invocation.Arguments.GetValue(_json)).ConfigureAwait(false);
    }

    private void RequireNothingLost(Invocation invocation, string path)
    {
        try
        {
            if (PlanFileTarget.Refusal(path, _file.Inputs(invocation)) is { } refusal)
                throw CliException.Usage($"{refusal}; nothing was written. Name another file, such as `--out {PlanFileTarget.OtherThan(path)}`");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"{path} exists, and whether it is a plan file that may be replaced cannot be told: {e.Message}; nothing was written");
        }
    }

    /// <summary>For its owner alone: the environment is in it.</summary>
    private static void Write(string path, byte[] file)
    {
        try
        {
            PlanFileTarget.Write(path, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"{path} cannot be written: {e.Message}");
        }
    }
}
