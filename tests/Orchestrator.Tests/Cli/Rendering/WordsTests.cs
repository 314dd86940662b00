using Orchestrator.Cli.Rendering;

namespace Orchestrator.Tests.Cli.Rendering;

public sealed class WordsTests
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("web:v1", "web:v1")]
    [InlineData("web:v1@" + Digest, "web:v1")]
    [InlineData("r.example:5000/web@" + Digest, "r.example:5000/web@0123456789ab")]
    [InlineData(Digest, "0123456789ab")]
    public void Image_is_short_enough_to_read(string image, string expected) => Assert.Equal(expected, Words.Image(image));

    [Theory]
    [InlineData("helo", "hello")]
    [InlineData("HELLO", "hello")]
    [InlineData("shop", null)]
    public void Nearest_finds_slips_only(string name, string? expected) => Assert.Equal(expected, Suggestion.Nearest(name, ["hello", "world"]));
}
