using Orchestrator.Api;
using Orchestrator.Cli.Connections;
using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;

namespace Orchestrator.Cli.Progress;

/// <summary>The last words of a command that made a change.</summary>
internal sealed class ChangeConclusions(Invocation invocation, CoordinatorConnection connection, ChangeRequest request, ChangeProgress progress, TimeSpan elapsed)
{
    private string Stack => request.Stack;

    public ChangeConclusion Ended(ChangeEvent.Ended ended)
    {
        var message = VisibleText.Line(ended.Message);
        var sentence = ended.Outcome switch
        {
            ChangeOutcome.Done when request is ChangeRequest.Remove => $"{Stack} is removed, in {Elapsed}",
            ChangeOutcome.Done or ChangeOutcome.Aborted when request is ChangeRequest.Abort => $"{Stack}: the change is aborted as it stands",
            ChangeOutcome.Done when request is ChangeRequest.Pause => $"{Stack}: the change was done before it could be paused (revision {ended.Revision})",
            ChangeOutcome.Done => $"{Stack} is at revision {ended.Revision}, in {Elapsed}",
            ChangeOutcome.NothingToDo when request is ChangeRequest.Watch => $"{Stack}: no change is under way (revision {ended.Revision})",
            ChangeOutcome.NothingToDo => $"{Stack}: nothing to do, it is as asked (revision {ended.Revision})",
            ChangeOutcome.Paused => Say(message, $"paused on the way to revision {ended.Revision}"),
            ChangeOutcome.Failed => Say(message, $"failed on the way to revision {ended.Revision}"),
            ChangeOutcome.RolledBack => Say(message, $"failed and rolled back to revision {ended.Revision}"),
            ChangeOutcome.Superseded => Say(message, "a newer change has taken over"),
            ChangeOutcome.Held => Say(message, $"held on the way to revision {ended.Revision}"),
            ChangeOutcome.Aborted => Say(message, "the change was aborted"),
        };
        // The coordinator may have said what to do next; twice is once too often.
        var next = message.Contains("orchestrator ", StringComparison.Ordinal) ? [] : Next(ended.Outcome);
        return new(ExitCode.Of(ended.Outcome, request), sentence, [], next);
    }

    public ChangeConclusion TimedOut() => new(
        ExitCode.TimedOut,
        $"{Stack}: not done after {Elapsed}; {(connection.IsFleet ? "the change goes on" : "it stops at a safe point")}",
        [.. progress.Pending()],
        [GoingOn()]);

    public ChangeConclusion Interrupted() => progress.Accepted is null
        ? new(ExitCode.Interrupted, $"{Stack}: interrupted before the change was accepted", [], [$"see how it is: {invocation.Hint($"ps {Stack}")}"])
        : new(
            ExitCode.Interrupted,
            connection.IsFleet ? $"{Stack}: interrupted; the change goes on without this command" : $"{Stack}: interrupted; it stops at a safe point, Ctrl-C again ends at once",
            [],
            [GoingOn()]);

    public ChangeConclusion Detached() => new(
        ExitCode.Done,
        $"{Stack}: accepted, revision {progress.Accepted!.TargetRevision}; it goes on without this command",
        [],
        [GoingOn()]);

    /// <summary>The events stopped without an end.</summary>
    public ChangeConclusion Lost() => new(
        ExitCode.Failed,
        $"{Stack}: the coordinator stopped reporting before the change had ended, after {Elapsed}",
        [.. progress.Pending()],
        [GoingOn()]);

    private string Elapsed => DurationText.Of(elapsed);

    private string GoingOn() => connection.IsFleet
        ? $"follow it: {invocation.Hint($"watch {Stack}")}"
        : request is ChangeRequest.Deploy
            ? "go on: deploy the same file again"
            : $"go on: run the same command again; see how it is: {invocation.Hint($"ps {Stack}")}";

    private IReadOnlyList<string> Next(ChangeOutcome outcome) => outcome switch
    {
        ChangeOutcome.Paused =>
        [
            $"try the failed replicas again: {invocation.Hint($"resume {Stack}")}",
            $"go back: {invocation.Hint($"rollback {Stack}")}",
            $"read its logs: {invocation.Hint($"logs {Stack}{FailedServices()}")}",
        ],
        ChangeOutcome.Failed =>
        [
            $"go back: {invocation.Hint($"rollback {Stack}")}",
            $"read its logs: {invocation.Hint($"logs {Stack}{FailedServices()}")}",
        ],
        ChangeOutcome.RolledBack => ["mend the cause shown above and deploy again"],
        ChangeOutcome.Superseded => [$"follow the newer one: {invocation.Hint($"watch {Stack}")}"],
        ChangeOutcome.Aborted when request is not ChangeRequest.Abort => [$"see how it is: {invocation.Hint($"ps {Stack}")}"],
        ChangeOutcome.Held => [$"go on: {invocation.Hint($"promote {Stack}")}"],
        ChangeOutcome.Aborted or ChangeOutcome.Done or ChangeOutcome.NothingToDo => [],
    };

    private string FailedServices() => string.Concat(progress.Services.Where(s => s.Failed > 0).Select(s => " " + s.Name));

    /// <summary>In the coordinator's words, which know the reason; <paramref name="otherwise"/> when it has none.</summary>
    private string Say(string message, string otherwise) => $"{Stack}, after {Elapsed}: {(message.Length > 0 ? message : otherwise)}";
}
