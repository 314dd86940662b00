using System.Text.Json;
using Orchestrator.Protocol;
using Orchestrator.Stacks;

namespace Orchestrator.Shared.Tests.Protocol;

/// <summary>Messages as an earlier release sends them: what they lack has its default.</summary>
public sealed class OldMessagesTests
{
    private static LinkFrame Read(string json) => JsonSerializer.Deserialize(json, ProtocolJson.Default.LinkFrame)!;

    [Fact]
    public void Start_of_a_replica()
    {
        var frame = Assert.IsType<LinkFrame.Command>(Read("""
            {"frame": "command", "body": {"type": "start-replica", "commandId": "c", "key": {"stack": "s", "service": "web", "slot": 1, "revision": "abc"},
              "spec": {"configHash": "abc", "container": {"image": "a@sha256:1", "networks": [{"network": "default", "engineName": "s_default"}]}, "mayPull": false}}}
            """));

        var start = Assert.IsType<AgentCommand.StartReplica>(frame.Body);
        Assert.Equal((false, TimeSpan.FromMinutes(10)), (start.Spec.MayPull, start.Spec.ProgressDeadline));
        Assert.Empty(start.Spec.Overlays);
        Assert.Empty(start.Spec.Networks);
        Assert.Empty(start.Spec.Container.Ports);
        Assert.Empty(start.Spec.Container.Networks[0].Aliases);
        Assert.Equal(new RestartSpec(), start.Spec.Container.Restart);
    }

    [Fact]
    public void Inventory()
    {
        var frame = Assert.IsType<LinkFrame.Event>(Read("""
            {"frame": "event", "body": {"type": "inventory", "facts": {"name": "host-1"},
              "replicas": [{"key": {"stack": "s", "service": "web", "slot": 1, "revision": "abc"}, "containerId": "i", "containerName": "n", "state": "Running"}]}}
            """));

        var (facts, replicas) = Assert.IsType<AgentEvent.InventoryReported>(frame.Body);
        Assert.Equal(("linux", ""), (facts.Os, facts.AgentVersion));
        Assert.True(facts.ShowsEveryTable);
        Assert.Empty(facts.Labels);
        Assert.Empty(replicas[0].Addresses);
        Assert.Empty(replicas[0].Ports);
    }

    [Fact]
    public void Table_of_traffic()
    {
        var frame = Assert.IsType<LinkFrame.Command>(Read("""
            {"frame": "command", "body": {"type": "apply-traffic", "commandId": "c", "table": {"stack": "s", "version": 1, "services": [{"service": "web", "spec": {}}]}}}
            """));

        var apply = Assert.IsType<AgentCommand.ApplyTraffic>(frame.Body);
        Assert.Empty(apply.Certificates);
        Assert.Empty(apply.Peers);
        Assert.Empty(apply.Table.Services[0].Endpoints);
        Assert.Empty(apply.Table.Services[0].Aliases);
        Assert.Equal(TimeSpan.FromSeconds(1), apply.Table.Services[0].Spec.Timeouts.Connect);
    }

    /// <summary>The generated code alone would read an array that cannot be enumerated: if it once keeps defaults by itself, the resolver can go.</summary>
    [Fact]
    public void Generated_code_alone_loses_defaults() =>
        Assert.Equal(TimeSpan.Zero, JsonSerializer.Deserialize("""{"configHash": "abc", "container": {"image": "a"}}""", ProtocolJsonMetadata.Default.ReplicaSpec)!.ProgressDeadline);
}
