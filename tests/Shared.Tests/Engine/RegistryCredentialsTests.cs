using System.Text;

namespace Orchestrator.Engine.Tests;

public sealed class RegistryCredentialsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("engine-config-").FullName;

    [Theory]
    [InlineData("nginx", "https://index.docker.io/v1/")]
    [InlineData("ghcr.io/org/app", "ghcr.io")]
    [InlineData("localhost:5000/app", "http://localhost:5000/v2/")]
    public async Task Login_is_found_in_the_file(string image, string key)
    {
        Write($$"""{"auths":{"{{key}}":{"auth":"{{Convert.ToBase64String("me:pass:word"u8)}}"} } }""");

        var auth = await FindAsync(image);

        Assert.Equal(("me", "pass:word"), (auth!.Username, auth.Password));
    }

    [Theory]
    [InlineData("""{"auths":{"ghcr.io":{"auth":"bWU6cHc="}}}""")]
    [InlineData("""{"auths":{"https://index.docker.io/v1/":{}}}""")]
    [InlineData("{}")]
    public async Task No_login_is_none(string config)
    {
        Write(config);

        Assert.Null(await FindAsync("nginx"));
    }

    [Fact]
    public async Task No_file_is_no_login() => Assert.Null(await FindAsync("nginx"));

    [Fact]
    public async Task Identity_token_is_taken_instead_of_a_password()
    {
        Write("""{"auths":{"ghcr.io":{"auth":"bWU6","identitytoken":"tok"}}}""");

        Assert.Equal(new RegistryAuth("ghcr.io", null, null, "tok"), await FindAsync("ghcr.io/app"));
    }

    [Fact]
    public async Task Helper_that_is_not_installed_is_named()
    {
        Write("""{"credHelpers":{"ghcr.io":"surely-not-installed"}}""");

        var error = await Assert.ThrowsAsync<FormatException>(() => FindAsync("ghcr.io/app"));

        Assert.Contains("docker-credential-surely-not-installed", error.Message, StringComparison.Ordinal);
        Assert.Null(await FindAsync("quay.io/app"));
    }

    [Fact]
    public async Task Damaged_file_is_named()
    {
        Write("{");

        Assert.Contains("config.json cannot be read", (await Assert.ThrowsAsync<FormatException>(() => FindAsync("nginx"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Header_is_base64url_of_the_daemon_s_json()
    {
        var header = RegistryCredentials.Header(new RegistryAuth("ghcr.io", "me", "p?~ÿ", null))!;

        Assert.DoesNotContain('+', header);
        Assert.DoesNotContain('/', header);
        var json = Encoding.UTF8.GetString(Convert.FromBase64String(header.Replace('-', '+').Replace('_', '/')));
        var node = System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject();
        Assert.Equal(["username", "password", "serveraddress"], node.Select(pair => pair.Key));
        Assert.Equal("p?~ÿ", (string?)node["password"]);
        Assert.Null(RegistryCredentials.Header(null));
    }

    [Fact]
    public void Login_never_prints_its_secret() => Assert.DoesNotContain("pass", new RegistryAuth("r", "u", "pass", "passtoken").ToString(), StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Write(string config) => File.WriteAllText(Path.Combine(_folder, "config.json"), config);

    private Task<RegistryAuth?> FindAsync(string image) => new RegistryCredentials(_folder).FindAsync(ImageReference.Parse(image), default);
}
