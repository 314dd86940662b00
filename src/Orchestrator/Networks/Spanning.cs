using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Stacks;

namespace Orchestrator.Networks;

/// <summary>Asks for a stack's networks that span hosts.</summary>
internal static class Spanning
{
    /// <summary>One commit of the store, behind those of other stacks.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Null when nothing spans hosts here. Throws <see cref="AllocationRefusedException"/>.</summary>
    public static Task<AllocationMessage.Allocated?> AskAsync(IActorRef networks, StackSpec stack, FleetSnapshot fleet) => AskAsync(networks, stack, fleet, isProposal: false);

    /// <summary>
    /// As <see cref="AskAsync(IActorRef, StackSpec, FleetSnapshot)"/>; where more cannot be had, such as for a host that joins when the network is full, what
    /// stands: the others keep their slices. Throws <see cref="AllocationRefusedException"/> only when the store failed.
    /// </summary>
    public static async Task<AllocationMessage.Allocated?> AskStandingAsync(IActorRef networks, StackSpec stack, FleetSnapshot fleet)
    {
        try
        {
            return await AskAsync(networks, stack, fleet);
        }
        catch (AllocationRefusedException e) when (e.Standing is { } standing)
        {
            // Who refused has logged it.
            return new AllocationMessage.Allocated(stack.Name, stack.Networks, standing);
        }
    }

    /// <summary>As <see cref="AskAsync(IActorRef, StackSpec, FleetSnapshot)"/>, and nothing is kept of it.</summary>
    public static Task<AllocationMessage.Allocated?> ProposeAsync(IActorRef networks, StackSpec stack, FleetSnapshot fleet) => AskAsync(networks, stack, fleet, isProposal: true);

    private static async Task<AllocationMessage.Allocated?> AskAsync(IActorRef networks, StackSpec stack, FleetSnapshot fleet, bool isProposal)
    {
        if (networks.Equals(ActorRefs.Nobody) || stack.Networks.IsEmpty)
        {
            return null;
        }
        var answer = await networks.Ask<AllocationMessage>(new AllocationMessage.Allocate(stack.Name, stack.Networks, [.. fleet.Hosts.Keys], isProposal), Timeout);
        return answer switch
        {
            AllocationMessage.Allocated allocated => allocated,
            AllocationMessage.Refused refused => throw new AllocationRefusedException(refused.Errors, refused.Standing),
            _ => throw new InvalidOperationException($"no answer to an allocation: {answer}"),
        };
    }
}

/// <summary>A network cannot be had; the errors are for people.</summary>
internal sealed class AllocationRefusedException(ImmutableArray<string> errors, OverlayAllocations? standing) : Exception(string.Join("; ", errors))
{
    public ImmutableArray<string> Errors { get; } = errors;

    /// <inheritdoc cref="AllocationMessage.Refused"/>
    public OverlayAllocations? Standing { get; } = standing;
}
