using Orchestrator.Agent.Inventory;
using Orchestrator.Engine;

namespace Orchestrator.Agent.Replicas;

/// <summary><c>max_attempts</c> and <c>window</c> where the engine's own policy cannot count them: it is told to let the container lie once they are used up.</summary>
internal sealed partial class ReplicaActor
{
    /// <summary>When the engine started it again, within the window.</summary>
    private readonly Queue<DateTimeOffset> _restarts = new();

    private string _countedContainer = "";
    private int _counted;
    private long _spending;

    private void CountRestarts(ContainerDetails container)
    {
        if (RestartBudget.Of(container.Labels) is not { } budget) return;
        if (_countedContainer != container.Id)
        {
            // When those before were is not known, only how many.
            (_countedContainer, _counted) = (container.Id, container.RestartCount);
            _restarts.Clear();
        }

        for (; _counted < container.RestartCount; _counted++) _restarts.Enqueue(Now);
        while (_restarts.TryPeek(out var first) && (_restarts.Count > budget.MaxAttempts || Now - first >= budget.Window)) _restarts.Dequeue();
        var used = budget.Window > TimeSpan.Zero ? _restarts.Count : container.RestartCount;
        if (used < budget.MaxAttempts || _spending != 0 || container.RestartPolicy == budget.Spent || RestartPolicies.IsNo(container.RestartPolicy)) return;
        LogBudgetSpent(_key, used, budget.MaxAttempts);
        _spending = Call(
            "ending its restarts",
            ChangeMax,
            cancellation => _engine.UpdateRestartPolicyAsync(container.Id, budget.Spent, cancellation),
            () => _spending = 0,
            error =>
            {
                // The next restart tries it again.
                _spending = 0;
                LogBudgetNotSpent(_key, EngineFaults.Text(error));
            });
    }
}
