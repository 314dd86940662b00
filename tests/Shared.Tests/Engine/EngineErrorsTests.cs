namespace Orchestrator.Engine.Tests;

public sealed class EngineErrorsTests
{
    [Theory]
    [InlineData(404, "No such container: web", EngineErrorKind.NotFound)]
    [InlineData(404, "network web not found", EngineErrorKind.NotFound)]
    [InlineData(404, "Not Found", EngineErrorKind.Fatal)]
    [InlineData(404, "page not found", EngineErrorKind.Fatal)]
    [InlineData(409, "Conflict. The container name \"/web\" is already in use by container \"abc\"", EngineErrorKind.Conflict)]
    [InlineData(400, "invalid mount config for type \"bind\"", EngineErrorKind.Fatal)]
    [InlineData(401, "unauthorized", EngineErrorKind.Fatal)]
    [InlineData(403, "network web id abc has active endpoints", EngineErrorKind.Conflict)]
    [InlineData(403, "bridge is a pre-defined network and cannot be removed", EngineErrorKind.Fatal)]
    [InlineData(429, "slow down", EngineErrorKind.Temporary)]
    [InlineData(500, "something broke", EngineErrorKind.Temporary)]
    [InlineData(501, "not implemented", EngineErrorKind.Fatal)]
    [InlineData(503, "shutting down", EngineErrorKind.Temporary)]
    [InlineData(500, "Bind for 0.0.0.0:80 failed: port is already allocated", EngineErrorKind.Conflict)]
    [InlineData(500, "listen tcp4 0.0.0.0:80: bind: address already in use", EngineErrorKind.Conflict)]
    [InlineData(400, "exec: \"nope\": executable file not found in $PATH: unknown", EngineErrorKind.Fatal)]
    [InlineData(500, "crun: executable file `nope` not found in $PATH: No such file or directory", EngineErrorKind.Fatal)]
    [InlineData(500, "exec /app: exec format error", EngineErrorKind.Fatal)]
    [InlineData(500, "creating container storage: the container name \"web\" is already in use by \"abc\"", EngineErrorKind.Conflict)]
    [InlineData(500, "unable to find network with name or ID web: network not found", EngineErrorKind.NotFound)]
    [InlineData(500, "network name web already used: network already exists", EngineErrorKind.Conflict)]
    [InlineData(500, "can only create exec sessions on running containers: container state improper", EngineErrorKind.Conflict)]
    [InlineData(500, "\"web\" has associated containers with it: network is being used", EngineErrorKind.Conflict)]
    public void Refusal_is_classified_by_its_words_first(int status, string message, EngineErrorKind kind) => Assert.Equal(kind, EngineErrors.Classify(status, message));

    [Theory]
    [InlineData(404, "manifest for web:1 not found: manifest unknown: manifest unknown", EngineErrorKind.Fatal)]
    [InlineData(404, "pull access denied for web, repository does not exist or may require 'docker login'", EngineErrorKind.Fatal)]
    [InlineData(500, "unauthorized: incorrect username or password", EngineErrorKind.Fatal)]
    [InlineData(200, "no matching manifest for linux/arm64 in the manifest list entries", EngineErrorKind.Fatal)]
    [InlineData(500, "Get \"https://r/v2/\": dial tcp 10.0.0.1:443: connect: connection refused", EngineErrorKind.Temporary)]
    [InlineData(500, "Get \"https://r/v2/\": net/http: TLS handshake timeout", EngineErrorKind.Temporary)]
    [InlineData(200, "read tcp 10.0.0.2:4000->10.0.0.1:443: i/o timeout", EngineErrorKind.Temporary)]
    [InlineData(429, "toomanyrequests: You have reached your pull rate limit", EngineErrorKind.Temporary)]
    [InlineData(500, "lookup r on 127.0.0.1:53: no such host", EngineErrorKind.Temporary)]
    [InlineData(200, "unexpected EOF", EngineErrorKind.Temporary)]
    [InlineData(200, "something new", EngineErrorKind.Temporary)]
    public void Pull_is_given_up_only_for_what_the_registry_will_not_give(int status, string message, EngineErrorKind kind) => Assert.Equal(kind, EngineErrors.ClassifyPull(status, message));
}
