using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Stacks;

/// <summary>Tells whether a running container is what the stack file asks for.</summary>
public static class ConfigHash
{
    /// <summary>
    /// SHA-256 in lower-case hex over canonical JSON of all that a container is made from: its <see cref="ContainerSpec"/> with the
    /// image resolved, and the definitions of the networks and volumes it uses. Replicas, update policy, placement, dependencies and
    /// pull policy are not in it: changing them restarts nothing.
    /// </summary>
    /// <param name="resolvedImage">The image with its digest, or what stands for it where there is none.</param>
    public static string Of(StackSpec stack, ServiceSpec service, string resolvedImage)
    {
        var container = service.Container with { Image = resolvedImage };
        var networks = new JsonObject();
        foreach (var name in container.Networks.Select(n => n.Network).Distinct().Order(StringComparer.Ordinal))
        {
            if (stack.Networks.TryGetValue(name, out var network))
                networks[name] = SpecShape.Network.Canonical((JsonObject)JsonSerializer.SerializeToNode(network, SpecJson.Default.NetworkSpec)!);
        }

        var volumes = new JsonObject();
        foreach (var name in container.Mounts.Where(m => m.Kind == MountKind.Volume).Select(m => m.Source).OfType<string>().Distinct().Order(StringComparer.Ordinal))
        {
            if (stack.Volumes.TryGetValue(name, out var volume))
                volumes[name] = SpecShape.Volume.Canonical((JsonObject)JsonSerializer.SerializeToNode(volume, SpecJson.Default.VolumeSpec)!);
        }

        var all = new JsonObject
        {
            ["container"] = SpecShape.Container.Canonical((JsonObject)JsonSerializer.SerializeToNode(container, SpecJson.Default.ContainerSpec)!),
            ["networks"] = networks,
            ["volumes"] = volumes,
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToJsonString())));
    }
}
