using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Replicas;

/// <summary>
/// <c>max_attempts</c> and <c>window</c> where the engine's own policy cannot count them: it is told to let the container lie once they are used up, and
/// gets its own policy back when the window has passed and the container still runs.
/// </summary>
internal sealed partial class ReplicaActor
{
    private const string BudgetTimer = "budget";

    /// <summary>After an engine that would not take the policy back.</summary>
    private static readonly TimeSpan GiveBackRetry = TimeSpan.FromMinutes(1);

    /// <summary>When the engine started it again, within the window.</summary>
    private readonly Queue<DateTimeOffset> _restarts = new();

    private string _countedContainer = "";
    private int _counted;

    /// <summary>What was before is not known: a spent budget is taken for one that was spent just then.</summary>
    private DateTimeOffset _countedFrom;
    private long _spending;

    private void CountRestarts(ContainerDetails container)
    {
        if (RestartBudget.Of(container.Labels) is not { } budget) return;
        if (_countedContainer != container.Id)
        {
            // When those before were is not known, only how many.
            (_countedContainer, _counted, _countedFrom) = (container.Id, container.RestartCount, Now);
            _restarts.Clear();
        }

        // A start by hand, and that of the engine itself, begin at 0 again.
        _counted = Math.Min(_counted, container.RestartCount);
        for (; _counted < container.RestartCount; _counted++) _restarts.Enqueue(Now);
        while (_restarts.TryPeek(out var first) && (_restarts.Count > budget.MaxAttempts || Now - first >= budget.Window)) _restarts.Dequeue();
        if (_spending != 0 || RestartPolicies.IsNo(container.RestartPolicy)) return;
        if (container.RestartPolicy == budget.Spent)
        {
            if (budget.Window > TimeSpan.Zero && container.Running) GiveBack(container, budget);
            return;
        }

        var used = budget.Window > TimeSpan.Zero ? _restarts.Count : container.RestartCount;
        if (used < budget.MaxAttempts) return;
        LogBudgetSpent(_key, used, budget.MaxAttempts);
        SetPolicy("ending its restarts", container.Id, budget.Spent, () => { });
    }

    /// <summary>As the file has it, once no restart is left in the window.</summary>
    private void GiveBack(ContainerDetails container, RestartBudget budget)
    {
        var due = (_restarts.Count > 0 ? _restarts.Max() : _countedFrom) + budget.Window;
        if (due > Now)
        {
            Timers.StartSingleTimer(BudgetTimer, new TimerMessage.BudgetDue(), due - Now);
            return;
        }

        if (RestartPolicies.Parse(container.Labels.GetValueOrDefault(ReplicaLabels.Restart, "")) is not { } policy) return;
        LogBudgetBack(_key);
        SetPolicy("allowing its restarts again", container.Id, policy, () => Timers.StartSingleTimer(BudgetTimer, new TimerMessage.BudgetDue(), GiveBackRetry));
    }

    private void OnBudgetDue()
    {
        if (_observed is { } container && _start is null && _stop is null) CountRestarts(container);
    }

    private void SetPolicy(string what, string container, RestartPolicy policy, Action failed) => _spending = Call(
        what,
        ChangeMax,
        cancellation => _engine.UpdateRestartPolicyAsync(container, policy, cancellation),
        () => _spending = 0,
        error =>
        {
            // The next restart tries it again.
            _spending = 0;
            LogBudgetNotSpent(_key, EngineFaults.Text(error));
            failed();
        });
}
