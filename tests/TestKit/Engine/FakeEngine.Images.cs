using System.Formats.Tar;
using System.Text.Json;

namespace Orchestrator.Engine.Fakes;

public sealed partial class FakeEngine
{
    /// <summary>Canonical name with its tag → image.</summary>
    private readonly SortedDictionary<string, FakeImage> _images = new(StringComparer.Ordinal);

    /// <summary>Canonical name with its digest → image; for those that came from a registry.</summary>
    private readonly SortedDictionary<string, FakeImage> _digests = new(StringComparer.Ordinal);

    /// <summary>Is there without a pull.</summary>
    public FakeEngine AddImage(params FakeImage[] images)
    {
        lock (_gate)
        {
            foreach (var image in images) _images[(ImageReference.Parse(image.Reference) with { Digest = null }).Canonical] = image;
        }

        return this;
    }

    public async Task PullImageAsync(string reference, RegistryAuth? auth, IProgress<PullProgress>? progress, CancellationToken cancellation)
    {
        var name = Name(reference);
        var image = await CallAsync(reference, () => FindInRegistry(name), cancellation, nameof(PullImageAsync));
        progress?.Report(new PullProgress("", "Pulling from " + name.Path, 0, 0));
        if (image.PullTakes > TimeSpan.Zero) await OpenAsync(Task.Delay(image.PullTakes, _time, cancellation));
        Locked(() =>
        {
            if (name.Digest is null) _images[name.Canonical] = image;
            _digests[$"{name.CanonicalName}@{image.Digest}"] = image;
            Emit("image", "pull", name.Familiar, new Dictionary<string, string> { ["name"] = name.FamiliarName });
            return true;
        });
        progress?.Report(new PullProgress("", "Digest: " + image.Digest, 0, 0));
    }

    public Task<ImageDetails> InspectImageAsync(string reference, CancellationToken cancellation) => CallAsync(reference, () =>
    {
        var image = FindImage(reference) ?? throw Refuse(404, $"No such image: {reference}");
        return new ImageDetails(image.Id, TagsOf(image), DigestsOf(image), "amd64", "linux", image.Healthcheck, image.ExposedPorts, image.MemoryBytes);
    }, cancellation);

    public Task<IReadOnlyList<ImageSummary>> ListImagesAsync(EngineFilters filters, CancellationToken cancellation) => CallAsync<IReadOnlyList<ImageSummary>>("", () =>
    {
        FakeFilters.Check(filters, FakeFilters.OtherKeys, Address);
        var all = _images.Values.Concat(_digests.Values).DistinctBy(image => image.Id);
        return [.. all.Where(image => FakeFilters.Any(filters, "reference", text => TagsOf(image).Contains(text))).Select(image => new ImageSummary(image.Id, TagsOf(image), DigestsOf(image), image.MemoryBytes))];
    }, cancellation);

    public Task<IReadOnlyList<string>> LoadImageAsync(Stream tar, CancellationToken cancellation) => CallAsync<IReadOnlyList<string>>("", () =>
    {
        using var reader = new TarReader(tar);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.Name != "manifest.json") continue;
            using var manifest = JsonDocument.Parse(entry.DataStream!);
            var names = manifest.RootElement.EnumerateArray().SelectMany(image => image.GetProperty("RepoTags").EnumerateArray()).Select(tag => tag.GetString()!).ToList();
            foreach (var name in names) _images[Name(name).Canonical] = Registry.Find(Name(name)) ?? new FakeImage(name);
            return names;
        }

        throw Refuse(400, "invalid archive: does not contain a manifest.json");
    }, cancellation);

    public Task RemoveImageAsync(string reference, bool force, CancellationToken cancellation) => CallAsync(reference, () =>
    {
        var image = FindImage(reference) ?? throw Refuse(404, $"No such image: {reference}");
        var user = _containers.Find(container => container.Image.Id == image.Id);
        if (user is not null && (user.IsRunning || !force))
        {
            throw Refuse(409, $"conflict: unable to remove repository reference \"{reference}\" (must force) - container {user.Id[..12]} is using its referenced image {image.Id[7..19]}");
        }

        foreach (var key in _images.Where(pair => pair.Value == image).Select(pair => pair.Key).ToList()) _images.Remove(key);
        foreach (var key in _digests.Where(pair => pair.Value == image).Select(pair => pair.Key).ToList()) _digests.Remove(key);
        return true;
    }, cancellation);

    public Task<DistributionDetails> InspectDistributionAsync(string reference, RegistryAuth? auth, CancellationToken cancellation) => CallAsync(reference, () =>
        new DistributionDetails(FindInRegistry(Name(reference)).Digest, Registry.Platforms), cancellation);

    private FakeImage FindInRegistry(ImageReference name)
    {
        if (Registry.IsDown) throw RefusePull(500, $"Get \"https://{name.Registry}/v2/\": dial tcp: connect: connection refused");
        var image = Registry.Find(name) ?? throw RefusePull(404, $"manifest for {name.Familiar} not found: manifest unknown: manifest unknown");
        return image.PullError is { } error ? throw RefusePull(500, error) : image;
    }

    private FakeImage? FindImage(string reference)
    {
        var byId = _images.Values.Concat(_digests.Values).FirstOrDefault(image => image.Id == reference || image.Id == "sha256:" + reference);
        if (byId is not null || !ImageReference.TryParse(reference, out var name)) return byId;
        return name.Digest is { } digest ? _digests.GetValueOrDefault($"{name.CanonicalName}@{digest}") : _images.GetValueOrDefault(name.Canonical);
    }

    private List<string> TagsOf(FakeImage image) => [.. _images.Where(pair => pair.Value.Id == image.Id).Select(pair => ImageReference.Parse(pair.Key).Familiar)];

    private List<string> DigestsOf(FakeImage image) => [.. _digests.Where(pair => pair.Value.Id == image.Id).Select(pair => ImageReference.Parse(pair.Key).Familiar)];

    private ImageReference Name(string reference) => ImageReference.TryParse(reference, out var name) ? name : throw Refuse(400, "invalid reference format");

    private EngineException RefusePull(int status, string message) => new(EngineErrors.ClassifyPull(status, message), status, "FAKE", "", message, Address);
}
