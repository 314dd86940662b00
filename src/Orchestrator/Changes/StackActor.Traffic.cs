using Orchestrator.Api;

namespace Orchestrator.Changes;

/// <summary>What a stack shows to who connects to it.</summary>
internal sealed partial class StackActor
{
    private async Task MaintainAsync(StackMessage.SetMaintenance message)
    {
        var asker = Sender;
        if (Refusal(message) is { } refusal)
        {
            asker.Tell(refusal);
            return;
        }
        await SaveAsync(
            head with
            {
                InMaintenance = message.On ? head.InMaintenance.Add(message.Service) : head.InMaintenance.Remove(message.Service),
                MaintenanceHolds = message is { On: true, Hold: { } hold } ? head.MaintenanceHolds.SetItem(message.Service, hold) : head.MaintenanceHolds.Remove(message.Service),
            },
            [],
            null);
        LogMaintenance(stack, message.Service, message.On ? "off → on" : "on → off");
        asker.Tell(new StackMessage.MaintenanceSet(0));
    }

    private StackMessage.Rejected? Refusal(StackMessage.SetMaintenance message)
    {
        if (head.IsRemoving)
        {
            return new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} is being removed; its services take no maintenance any more");
        }
        if (Current is not { } current)
        {
            return new StackMessage.Rejected(CoordinatorErrorKind.Conflict, $"stack {stack} has not begun its first deploy; try again once `orchestrator watch {stack}` shows it accepted");
        }
        return current.Services.ContainsKey(message.Service)
            ? null
            : new StackMessage.Rejected(CoordinatorErrorKind.NotFound, $"stack {stack} has no service {message.Service}; it has {string.Join(", ", current.Services.Keys)}");
    }
}
