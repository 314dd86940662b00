using System.CommandLine;
using Orchestrator.Api;
using Orchestrator.Cli.Commands;
using Orchestrator.Cli.Interaction;

namespace Orchestrator.Cli;

/// <summary>A command, and the one place where whatever goes wrong in it becomes a message and an exit code.</summary>
internal abstract class CliCommand : Command
{
    private readonly CliServices _services;
    private readonly GlobalOptions _globals;

    protected CliCommand(string name, string description, CliServices services, GlobalOptions globals)
        : base(name, description)
    {
        _services = services;
        _globals = globals;
        SetAction((arguments, _) => InvokeAsync(arguments));
    }

    protected abstract Task<int> RunAsync(Invocation invocation);

    private async Task<int> InvokeAsync(ParseResult arguments)
    {
        var invocation = new Invocation(arguments, _services, _globals);
        try
        {
            return await RunAsync(invocation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (invocation.Interrupted.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (StackFileException e)
        {
            foreach (var error in e.Errors)
                invocation.Voice.Say(error.ToString());
            return ExitCode.Usage;
        }
        catch (CliException e)
        {
            invocation.Voice.Fail(e.Message);
            return e.ExitCode;
        }
        catch (CoordinatorException e)
        {
            invocation.Voice.Fail(e.Message);
            if (invocation.Verbose)
                invocation.Voice.Say(e.ToString());
            return ExitCode.Of(e.Kind);
        }
        catch (OutputClosedException)
        {
            return ExitCode.OutputClosed;
        }
        catch (Exception e)
        {
            Unexpected(invocation, e);
            return ExitCode.Failed;
        }
    }

    private static void Unexpected(Invocation invocation, Exception e)
    {
        var what = string.IsNullOrWhiteSpace(e.Message) ? e.GetType().Name : $"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}";
        if (invocation.Verbose)
        {
            invocation.Voice.Fail($"unexpected {what}");
            invocation.Voice.Say(e.ToString());
        }
        else
        {
            invocation.Voice.Fail($"unexpected {what}; run it again with --verbose for the stack trace, and please report it");
        }
    }
}
