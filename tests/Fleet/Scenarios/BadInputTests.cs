using Orchestrator.Fleet.Testbed;

namespace Orchestrator.Fleet.Scenarios;

public sealed class BadInputTests(TestFleet fleet) : Scenario(fleet)
{
    [Theory]
    [InlineData("services:\n  web:\n    image: [a\n", "stack.yaml:")]
    [InlineData("name: hello\nservices:\n  web:\n    image: hello:v1\n    networks: [nowhere]\n", "nowhere")]
    [InlineData("name: hello\nservices:\n  web:\n    imagee: hello:v1\n", "did you mean")]
    [InlineData("", "empty")]
    public async Task Bad_file_is_refused_with_its_place_and_changes_nothing(string text, string said)
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-scenario");
        try
        {
            var file = Path.Combine(folder.FullName, "stack.yaml");
            await File.WriteAllTextAsync(file, text);
            var refused = await Fleet.CliAsync("deploy", file);
            refused.Expect(2);
            Assert.Contains(said, refused.Error);
            Assert.Equal(2, (await Fleet.CliAsync("ps", Hello)).ExitCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Missing_file_and_unknown_stack_say_so()
    {
        var missing = await Fleet.CliAsync("deploy", "/nonexistent/stack.yaml");
        missing.Expect(2);
        Assert.Contains("/nonexistent/stack.yaml", missing.Error);

        var unknown = await Fleet.CliAsync("ps", "helo");
        unknown.Expect(2);
        Assert.Contains("helo", unknown.Error);
    }

    [Fact]
    public async Task Unreachable_engine_and_coordinator_end_with_five()
    {
        var engine = await Command.RunAsync(
            TestFleet.PathOf("dist/orchestrator"),
            ["--context", "local", "ps"],
            new Dictionary<string, string> { ["DOCKER_HOST"] = "unix:///nonexistent/docker.sock" });
        engine.Expect(5);
        Assert.Contains("/nonexistent/docker.sock", engine.Error);

        await Fleet.KillCoordinatorAsync();
        var coordinator = await Fleet.CliAsync("ps");
        coordinator.Expect(5);
        Assert.Contains("10.77.0.254:7443", coordinator.Error);
    }

    [Fact]
    public async Task Port_needed_twice_on_a_host_is_refused_before_anything_changes()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-scenario");
        try
        {
            var file = Path.Combine(folder.FullName, "stack.yaml");
            await File.WriteAllTextAsync(file, $"name: {Hello}\nservices:\n  web:\n    image: {TestFleet.Registry}/hello:v1\n    ports: [{{ target: 8080, published: 18080, mode: host }}]\n    deploy: {{ replicas: 4 }}\n");
            var refused = await Fleet.CliAsync("deploy", file);
            refused.Expect(2);
            Assert.Contains("port 18080/tcp is taken there by web.1", refused.Error);
            Assert.Equal(2, (await Fleet.CliAsync("ps", Hello)).ExitCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
