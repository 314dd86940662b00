using System.Collections.Immutable;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

/// <summary>What an agent is told to make of a service.</summary>
internal static class ReplicaSpecs
{
    public static ReplicaSpec Of(StackRevision target, ServicePlan plan)
    {
        var service = target.Service(plan.Service);
        var revision = target.Services[plan.Service];
        return new ReplicaSpec
        {
            Container = service.Container with { Image = revision.Image },
            ConfigHash = revision.ConfigHash,
            MayPull = revision.ImageHosts.IsEmpty && service.PullPolicy != PullPolicy.Never,
            Networks = target.Spec.Networks.RemoveRange(target.Spec.Networks.Keys.Except(service.Container.Networks.Select(n => n.Network))),
            Volumes = target.Spec.Volumes.RemoveRange(target.Spec.Volumes.Keys.Except(service.Container.Mounts.Select(m => m.Source).OfType<string>())),
            Monitor = plan.Policy.Monitor,
            ProgressDeadline = plan.ProgressDeadline,
        };
    }
}
