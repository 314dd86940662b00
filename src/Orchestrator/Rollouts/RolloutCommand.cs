namespace Orchestrator.Rollouts;

/// <summary>What a rollout wants done; the shell turns it into messages to agents.</summary>
public abstract record RolloutCommand(int Slot)
{
    /// <summary>Pull on the new replica's host.</summary>
    public sealed record Prepare(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>Pull on the host of a later batch while an earlier one is worked. Not answered: what fails here fails again, and is told of, when the slot's turn comes.</summary>
    public sealed record Prefetch(int Slot, string Host) : RolloutCommand(Slot);

    /// <summary>blue-green: keep the new replica out of the traffic, before it is started.</summary>
    public sealed record Withhold(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    public sealed record Start(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>Let every ingress have the new replica.</summary>
    public sealed record Publish(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>blue-green: let every ingress have the new replica and, with the same table, nothing to the old ones. Given to all that are switched together.</summary>
    public sealed record Switch(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>Compare the new replica's traffic with that of the old ones; given to all that are to be judged together.</summary>
    public sealed record Judge(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>The new replica has failed in the traffic, or was called off there, and an old one serves: no new connection goes to the new one. Not answered.</summary>
    public sealed record Withdraw(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>Take one old replica out of the traffic: no new connection, and the open ones finish.</summary>
    public sealed record Drain(int Slot, string Host, string Revision, int Attempt) : RolloutCommand(Slot);

    /// <summary>The old replica stays: it takes traffic again. Not answered.</summary>
    public sealed record Undrain(int Slot, string Host, string Revision) : RolloutCommand(Slot);

    /// <summary>Stop one old replica; keep it for rollback or remove it.</summary>
    public sealed record StopOld(int Slot, string Host, string Revision, bool Retain, int Attempt) : RolloutCommand(Slot);

    /// <summary>Remove the new replica that was called off.</summary>
    public sealed record CancelNew(int Slot, string Host, int Attempt) : RolloutCommand(Slot);

    /// <summary>Remove a stopped container that is no longer retained; its answer is not waited for.</summary>
    public sealed record Prune(int Slot, string Host, string Revision) : RolloutCommand(Slot);

    /// <summary>Find another host for the slot; answered by SlotReassigned, SlotDropped or ReplicaFailed.</summary>
    public sealed record Reassign(int Slot, int Attempt) : RolloutCommand(Slot);
}
