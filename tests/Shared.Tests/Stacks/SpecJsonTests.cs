using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

public sealed class SpecJsonTests
{
    private static StackSpec Small => new()
    {
        Name = "s",
        Services = [new ServiceSpec { Name = "web", Container = new ContainerSpec { Image = "a", Ports = [new PortSpec { Target = 80 }] } }],
    };

    [Fact]
    public void Property_that_an_older_version_did_not_write_has_its_default()
    {
        var stack = SpecJson.ReadStack("""
            {
              "Name": "s",
              "Services": [{ "Name": "web", "Container": { "Image": "a", "Healthcheck": {}, "Ports": [{ "Target": 80 }] }, "Deploy": { "Update": { "Delay": "00:00:01" } } }],
              "Networks": { "n": { "EngineName": "s_n" } }
            }
            """);

        var service = stack.Services[0];
        Assert.Equal((1, 1, TimeSpan.FromMinutes(10)), (service.Deploy.Replicas, service.Deploy.Retain, service.Deploy.ProgressDeadline));
        Assert.Equal(new UpdateSpec { Delay = TimeSpan.FromSeconds(1) }, service.Deploy.Update);
        Assert.Equal(new PortSpec { Target = 80 }, service.Container.Ports[0]);
        Assert.Equal(TimeSpan.FromSeconds(10), service.Container.StopGracePeriod);
        Assert.Empty(service.Container.Healthcheck!.Test);
        Assert.Empty(service.Container.Networks);
        Assert.Empty(service.DependsOn);
        Assert.Null(service.Container.Command);
        Assert.Equal("bridge", stack.Networks["n"].Driver);
        Assert.Empty(stack.Volumes);
    }

    [Fact]
    public void Property_of_a_newer_version_is_ignored()
    {
        var node = JsonNode.Parse(SpecJson.Write(Small))!;
        node["Future"] = 1;
        node["Services"]![0]!["Future"] = new JsonObject();

        Assert.Equal(SpecJson.Write(Small), SpecJson.Write(SpecJson.ReadStack(node.ToJsonString())));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"Name": 5}""")]
    [InlineData("""{"Services": 5, "Name": "s"}""")]
    public void Anything_else_is_a_json_exception(string json) => Assert.ThrowsAny<JsonException>(() => SpecJson.ReadStack(json));

    [Fact]
    public void Inherited_and_cleared_commands_stay_apart()
    {
        ContainerSpec[] containers = [new() { Image = "a" }, new() { Image = "a", Command = [] }];
        var stack = Small with { Services = [.. containers.Select(c => new ServiceSpec { Name = "x", Container = c })] };

        var again = SpecJson.ReadStack(SpecJson.Write(stack));

        Assert.Null(again.Services[0].Container.Command);
        Assert.Empty(again.Services[1].Container.Command!.Value);
    }
}
