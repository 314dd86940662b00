using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Engine.Tests;

public sealed class EngineAddressTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("engine-home-").FullName;

    [Theory]
    [InlineData("unix:///run/d.sock", "unix:///run/d.sock")]
    [InlineData("/run/d.sock", "unix:///run/d.sock")]
    [InlineData("tcp://10.0.0.1", "tcp://10.0.0.1:2375")]
    [InlineData("tcp://10.0.0.1:80", "tcp://10.0.0.1:80")]
    [InlineData("tcp://[fd00::1]:2375", "tcp://[fd00::1]:2375")]
    [InlineData("http://host:2375", "tcp://host:2375")]
    [InlineData("https://host", "tcp://host:2376")]
    [InlineData("ssh://me@host", "ssh://me@host")]
    [InlineData("ssh://host:2222", "ssh://host:2222")]
    public void Address_is_read(string text, string expected) => Assert.Equal(expected, EngineAddress.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("host:2375")]
    [InlineData("unix://relative")]
    [InlineData("npipe:////./pipe/docker")]
    [InlineData("ssh://-oProxyCommand=evil")]
    [InlineData("ssh://-l@host")]
    public void Text_that_is_no_address_is_refused_with_examples(string text) =>
        Assert.Contains("unix:///path/to/docker.sock", Assert.Throws<FormatException>(() => EngineAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Explicit_address_wins_over_the_environment() =>
        Assert.Equal("tcp://a:1", EngineAddress.Resolve("tcp://a:1", From(("DOCKER_HOST", "tcp://b:2"), ("DOCKER_CONTEXT", "c"))).ToString());

    [Fact]
    public void Docker_host_wins_over_the_context() =>
        Assert.Equal("tcp://b:2", EngineAddress.Resolve(null, From(("DOCKER_HOST", "tcp://b:2"), ("DOCKER_CONTEXT", "c"))).ToString());

    [Fact]
    public void Nothing_set_is_the_default_socket() => Assert.Equal("unix:///var/run/docker.sock", EngineAddress.Resolve(null, From()).ToString());

    [Fact]
    public void Certificates_make_tcp_secure()
    {
        File.WriteAllText(Path.Combine(_home, "ca.pem"), "");

        var verified = EngineAddress.Resolve(null, From(("DOCKER_HOST", "tcp://b"), ("DOCKER_CERT_PATH", _home), ("DOCKER_TLS_VERIFY", "1")));
        var unverified = EngineAddress.Resolve(null, From(("DOCKER_HOST", "tcp://b"), ("DOCKER_CERT_PATH", _home)));

        Assert.Equal("tcp://b:2376", verified.ToString());
        Assert.Equal(new EngineTls(Path.Combine(_home, "ca.pem"), null, null, VerifyServer: true), verified.Tls);
        Assert.False(unverified.Tls!.VerifyServer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Context_is_taken_from_the_variable_or_the_config_file(bool byVariable)
    {
        WriteContext("fleet", """{"Name":"fleet","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":false}}}""");
        var tls = Directory.CreateDirectory(Path.Combine(_home, ".docker", "contexts", "tls", Key("fleet"), "docker")).FullName;
        File.WriteAllText(Path.Combine(tls, "cert.pem"), "");
        if (!byVariable) File.WriteAllText(Path.Combine(_home, ".docker", "config.json"), """{"currentContext":"fleet"}""");

        var address = EngineAddress.Resolve(null, byVariable ? From(("DOCKER_CONTEXT", "fleet")) : From());

        Assert.Equal("tcp://far:2376", address.ToString());
        Assert.Equal("context \"fleet\"", address.Source);
        Assert.Equal(new EngineTls(null, Path.Combine(tls, "cert.pem"), null, VerifyServer: true), address.Tls);
    }

    [Fact]
    public void Context_default_is_none() => Assert.Equal(EngineAddress.Default, EngineAddress.Resolve(null, From(("DOCKER_CONTEXT", "default"))));

    [Fact]
    public void Context_that_does_not_exist_is_named()
    {
        var error = Assert.Throws<FormatException>(() => EngineAddress.Resolve(null, From(("DOCKER_CONTEXT", "gone"))));

        Assert.Contains("\"gone\" (DOCKER_CONTEXT) does not exist; `docker context ls`", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ssh_ends_its_options_before_the_host() => Assert.Equal(
        ["-o", "BatchMode=yes", "-o", "ConnectTimeout=30", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-T", "-l", "me", "-p", "2222", "--", "host", "docker", "system", "dial-stdio"],
        SshStream.Arguments(EngineAddress.Parse("ssh://me@host:2222")));

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private DockerEnvironment From(params (string Name, string Value)[] variables) =>
        DockerEnvironment.From(name => variables.FirstOrDefault(pair => pair.Name == name).Value, _home);

    private void WriteContext(string name, string json)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_home, ".docker", "contexts", "meta", Key(name))).FullName;
        File.WriteAllText(Path.Combine(folder, "meta.json"), json);
    }

    private static string Key(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}
