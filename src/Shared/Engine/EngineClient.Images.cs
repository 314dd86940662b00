using System.Net.Http.Headers;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

public sealed partial class EngineClient
{
    public async Task PullImageAsync(string reference, RegistryAuth? auth, IProgress<PullProgress>? progress, CancellationToken cancellation)
    {
        var image = ParseReference(reference, "POST", "/images/create");

        // Without a tag an engine would pull every tag of the repository; a digest travels as the tag.
        var query = Query("fromImage=" + Uri.EscapeDataString(image.FamiliarName), "tag=" + Uri.EscapeDataString(image.Digest ?? image.Tag ?? ImageReference.DefaultTag));
        var call = EngineCall.Post("/images/create" + query) with { Timeout = _timeouts.Idle, IsPull = true, RegistryAuth = RegistryCredentials.Header(auth) };
        using var deadline = new CancellationTokenSource(_timeouts.Pull, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            await using var stream = await _http.OpenAsync(call, _timeouts.Idle, either.Token);
            await foreach (var line in JsonLinesAsync(call, stream, EngineJson.Default.ImageProgress, either.Token))
            {
                ThrowStreamError(call, line);
                progress?.Report(new PullProgress(line.Id ?? "", line.Status ?? "", line.ProgressDetail?.Current ?? 0, line.ProgressDetail?.Total ?? 0));
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new EngineException(EngineErrorKind.Temporary, 200, "POST", call.Path, $"pulling {reference} took longer than {_timeouts.Pull.TotalMinutes:0} min", Address, e);
        }
    }

    public async Task<ImageDetails> InspectImageAsync(string reference, CancellationToken cancellation)
    {
        var image = await QueryAsync(ImagePath(reference, "/json"), EngineJson.Default.ImageDetails, cancellation);
        return new ImageDetails(
            image.Id, Named(image.RepoTags), Named(image.RepoDigests), image.Architecture ?? "", image.Os ?? "",
            ContainerMapping.Healthcheck(image.Config?.Healthcheck), [.. (image.Config?.ExposedPorts ?? []).Keys.Order(StringComparer.Ordinal)], image.Size);
    }

    public async Task<IReadOnlyList<ImageSummary>> ListImagesAsync(EngineFilters filters, CancellationToken cancellation)
    {
        var images = await QueryAsync("/images/json" + Query(Filters(filters)), EngineJson.Default.ImageSummaries, cancellation);
        return [.. images.Select(image => new ImageSummary(image.Id, Named(image.RepoTags), Named(image.RepoDigests), image.Size))];
    }

    public async Task<IReadOnlyList<string>> LoadImageAsync(Stream tar, CancellationToken cancellation)
    {
        const string Loaded = "Loaded image";
        var content = new StreamContent(tar);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        var call = EngineCall.Post("/images/load" + Query("quiet=true"), content) with { Timeout = _timeouts.Transfer };
        await using var stream = await _http.OpenAsync(call, _timeouts.Idle, cancellation);
        List<string> loaded = [];
        await foreach (var line in JsonLinesAsync(call, stream, EngineJson.Default.ImageProgress, cancellation))
        {
            ThrowStreamError(call, line);

            // "Loaded image: name:tag", "Loaded image ID: sha256:…"; Podman writes "Loaded image(s): …".
            foreach (var text in (line.Stream ?? "").Split('\n').Where(text => text.StartsWith(Loaded, StringComparison.Ordinal)))
            {
                loaded.AddRange(text[(text.IndexOf(": ", StringComparison.Ordinal) + 2)..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
            }
        }

        return loaded;
    }

    public Task RemoveImageAsync(string reference, bool force, CancellationToken cancellation) =>
        ChangeAsync(EngineCall.Delete(ImagePath(reference, "") + Query(Flag("force", force))), cancellation);

    public async Task<DistributionDetails> InspectDistributionAsync(string reference, RegistryAuth? auth, CancellationToken cancellation)
    {
        var image = ParseReference(reference, "GET", "/distribution");
        var call = EngineCall.Get($"/distribution/{EngineCall.Escape(image.Familiar)}/json") with { Timeout = _timeouts.Change, IsPull = true, RegistryAuth = RegistryCredentials.Header(auth) };
        var answer = await _http.ReadAsync(call, EngineJson.Default.ImageDistribution, cancellation);
        return new DistributionDetails(answer.Descriptor?.Digest ?? "", [.. (answer.Platforms ?? []).Select(Platform)]);
    }

    private static string Platform(ImageJson.Platform platform) => $"{platform.Os}/{platform.Architecture}" + (string.IsNullOrEmpty(platform.Variant) ? "" : "/" + platform.Variant);

    /// <summary>With a digest the tag is left out: engines that keep both apart do not find the pair.</summary>
    private static string ImagePath(string reference, string action) =>
        "/images/" + EngineCall.Escape(ImageReference.TryParse(reference, out var image) && image.Digest is { } digest ? $"{image.FamiliarName}@{digest}" : reference) + action;

    private ImageReference ParseReference(string reference, string method, string path) => ImageReference.TryParse(reference, out var image)
        ? image
        : throw new EngineException(EngineErrorKind.Fatal, 400, method, path, $"\"{reference}\" is not an image reference; write [host[:port]/]path[:tag][@digest] in lower case", Address);

    /// <summary>A pull or load that failed answers 200 and says so here.</summary>
    private void ThrowStreamError(EngineCall call, ImageJson.Progress line)
    {
        if ((line.ErrorDetail?.Message ?? line.Error) is not { } message) return;
        var kind = call.IsPull ? EngineErrors.ClassifyPull(200, message) : EngineErrors.Classify(400, message);
        throw new EngineException(kind, 200, call.Method.Method, call.Path, message, Address);
    }

    /// <summary>Engines list an image without a name as <c>&lt;none&gt;:&lt;none&gt;</c>.</summary>
    private static IReadOnlyList<string> Named(List<string>? names) => [.. (names ?? []).Where(name => !name.Contains("<none>", StringComparison.Ordinal))];
}
