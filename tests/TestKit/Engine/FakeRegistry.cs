namespace Orchestrator.Engine.Fakes;

/// <summary>A registry that several engines may share.</summary>
public sealed class FakeRegistry
{
    private readonly Dictionary<string, FakeImage> _images = new(StringComparer.Ordinal);

    /// <summary>Nothing answers on its port.</summary>
    public bool IsDown { get; set; }

    /// <summary>What every image is for.</summary>
    public IReadOnlyList<string> Platforms { get; set; } = ["linux/amd64"];

    /// <summary>A later push moves the tag; the earlier content stays reachable by its digest.</summary>
    public FakeRegistry Push(params FakeImage[] images)
    {
        foreach (var image in images)
        {
            var name = ImageReference.Parse(image.Reference);
            _images[(name with { Digest = null }).Canonical] = image;
            _images[$"{name.CanonicalName}@{image.Digest}"] = image;
        }

        return this;
    }

    public FakeImage? Find(ImageReference reference) =>
        _images.GetValueOrDefault(reference.Digest is { } digest ? $"{reference.CanonicalName}@{digest}" : reference.Canonical);
}
