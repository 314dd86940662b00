using Orchestrator.Engine;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Agent.Images;

/// <summary>Which image a reference means, from what the host has and what its registry says. Pure.</summary>
internal static class ImageResolution
{
    /// <summary>An image id, by which Docker also takes an image without a name.</summary>
    public static bool IsId(string reference) => reference.StartsWith("sha256:", StringComparison.Ordinal);

    /// <summary>Null where the host's own image does not settle it and the registry must be asked.</summary>
    /// <param name="local">Null when the host has no such image.</param>
    public static AgentEvent.ImageResolved? FromHost(AgentCommand.ResolveImage command, ImageDetails? local)
    {
        if (IsId(command.Reference)) return local is null ? Failed(command, $"image {command.Reference} is not on this host; build or load it here, or name one that a registry has") : Local(command, local);
        if (!ImageReference.TryParse(command.Reference, out var reference)) return Failed(command, $"\"{command.Reference}\" is not an image reference; write [host[:port]/]path[:tag][@digest] in lower case");

        // A digest leaves nothing to resolve.
        if (reference.Digest is not null && command.Policy != PullPolicy.Never) return Pinned(command, command.Reference, local);
        return command.Policy switch
        {
            PullPolicy.Never => local is null ? Failed(command, $"image {reference} is not on this host and pull_policy is never; build or load it here, or allow pulling") : Local(command, local),
            PullPolicy.Missing => local is null ? null : OfHost(command, reference, local),
            PullPolicy.Default => local is not null && Digest(reference, local) is null ? Local(command, local) : null,
            PullPolicy.Always => null,
            _ => throw new ArgumentOutOfRangeException(nameof(command), command.Policy, "unknown pull policy"),
        };
    }

    public static AgentEvent.ImageResolved FromRegistry(AgentCommand.ResolveImage command, ImageDetails? local, string digest)
    {
        var reference = ImageReference.Parse(command.Reference);
        return Pinned(command, Text(reference, digest), local is not null && Digest(reference, local) == digest ? local : null);
    }

    /// <summary>The registry refused or did not answer.</summary>
    /// <param name="temporary">It did not answer: asking again later may succeed.</param>
    /// <param name="said">Its words, or the network's.</param>
    public static AgentEvent.ImageResolved WithoutRegistry(AgentCommand.ResolveImage command, ImageDetails? local, bool temporary, string said)
    {
        var reference = ImageReference.Parse(command.Reference);
        if (local is not null && command.Policy == PullPolicy.Default)
        {
            return temporary
                ? OfHost(command, reference, local) with { Warning = $"the registry of {reference} does not answer ({said}); using the image of this host, which may be older" }
                : Local(command, local) with { Warning = $"the registry does not give {reference} ({said}); using the image of this host" };
        }

        var remedy = temporary
            ? "check that this host reaches the registry, or set pull_policy: missing to use an image that is already here"
            : IsDenied(said) ? $"check the name, or log in on this host with `docker login {reference.Registry}`" : "check the name and the tag, or build and push the image first";
        return Failed(command, $"image {reference}: {reference.Registry} {(temporary ? "does not answer" : "refused")}: {said}; {remedy}") with { IsMissing = !temporary };
    }

    public static bool IsDenied(string said) =>
        said.Contains("denied", StringComparison.OrdinalIgnoreCase) || said.Contains("unauthorized", StringComparison.OrdinalIgnoreCase) || said.Contains("authentication", StringComparison.OrdinalIgnoreCase) || said.Contains("no basic auth", StringComparison.OrdinalIgnoreCase);

    /// <summary>The host's digest of the reference's own repository; an image built or only tagged here has none.</summary>
    private static string? Digest(ImageReference reference, ImageDetails local) => local.Digests
        .Select(text => ImageReference.TryParse(text, out var digest) ? digest : null)
        .FirstOrDefault(digest => digest?.CanonicalName == reference.CanonicalName)?.Digest;

    private static AgentEvent.ImageResolved OfHost(AgentCommand.ResolveImage command, ImageReference reference, ImageDetails local) =>
        Digest(reference, local) is { } digest ? Pinned(command, Text(reference, digest), local) : Local(command, local);

    private static string Text(ImageReference reference, string digest) => (reference with { Tag = reference.Tag ?? ImageReference.DefaultTag }).WithDigest(digest).Familiar;

    private static AgentEvent.ImageResolved Local(AgentCommand.ResolveImage command, ImageDetails local) => Pinned(command, local.Id, local) with { LocalOnly = true };

    private static AgentEvent.ImageResolved Pinned(AgentCommand.ResolveImage command, string pinned, ImageDetails? local) => new()
    {
        CommandId = command.CommandId,
        Pinned = pinned,
        HasHealthcheck = local?.Healthcheck is { Test: { Count: > 0 } test } && test[0] != "NONE",
    };

    private static AgentEvent.ImageResolved Failed(AgentCommand.ResolveImage command, string error) => new() { CommandId = command.CommandId, Error = error };
}
