namespace Orchestrator.Engine.Tests;

public sealed class ImageReferenceTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("nginx:1.27-alpine", "docker.io/library/nginx:1.27-alpine", "nginx:1.27-alpine")]
    [InlineData("org/app", "docker.io/org/app:latest", "org/app:latest")]
    [InlineData("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("index.docker.io/library/nginx", "docker.io/library/nginx:latest", "nginx:latest")]
    [InlineData("ghcr.io/org/team/app:v1", "ghcr.io/org/team/app:v1", "ghcr.io/org/team/app:v1")]
    [InlineData("localhost/app", "localhost/app:latest", "localhost/app:latest")]
    [InlineData("localhost:5000/app:2", "localhost:5000/app:2", "localhost:5000/app:2")]
    [InlineData("10.77.0.254:5000/app", "10.77.0.254:5000/app:latest", "10.77.0.254:5000/app:latest")]
    [InlineData("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest")]
    [InlineData("nginx@" + Digest, "docker.io/library/nginx@" + Digest, "nginx@" + Digest)]
    [InlineData("r:5000/a/b:1@" + Digest, "r:5000/a/b:1@" + Digest, "r:5000/a/b:1@" + Digest)]
    [InlineData("app_name/with--dashes.and__more", "docker.io/app_name/with--dashes.and__more:latest", "app_name/with--dashes.and__more:latest")]
    public void Reference_has_a_canonical_and_a_familiar_form(string text, string canonical, string familiar)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal((canonical, familiar), (reference.Canonical, reference.Familiar));
        Assert.Equal(ImageReference.Parse(canonical), ImageReference.Parse(familiar));
    }

    [Fact]
    public void Parts_are_told_apart()
    {
        var reference = ImageReference.Parse("registry.local:5000/team/app:1.2@" + Digest);

        Assert.Equal(new ImageReference("registry.local:5000", "team/app", "1.2", Digest), reference);
        Assert.Null(ImageReference.Parse("nginx").Tag);
        Assert.Equal("nginx:1@" + Digest, ImageReference.Parse("nginx:1").WithDigest(Digest).Familiar);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" nginx")]
    [InlineData("Nginx")]
    [InlineData("org/App")]
    [InlineData("nginx:")]
    [InlineData("nginx:a b")]
    [InlineData("nginx@sha256:short")]
    [InlineData("-nginx")]
    [InlineData("a//b")]
    [InlineData("https://ghcr.io/app")]
    [InlineData("app:1\n")]
    public void Text_that_is_no_reference_is_refused(string text)
    {
        Assert.False(ImageReference.TryParse(text, out _));
        Assert.Contains("not an image reference", Assert.Throws<FormatException>(() => ImageReference.Parse(text)).Message, StringComparison.Ordinal);
    }
}
