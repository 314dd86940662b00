using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Changes;
using Orchestrator.Planning;
using Orchestrator.Protocol;
using Orchestrator.Stacks;
using Orchestrator.Store;

namespace Orchestrator.Tests.Store;

/// <summary>Records as an earlier version wrote them: what they lack has its default.</summary>
public sealed class OldRecordsTests
{
    private const string Spec = """
        {"name": "hello", "services": [{"name": "web", "container": {"image": "hello:v1", "ports": [{"target": 80, "published": 8080}]}, "deploy": {"replicas": 0}}]}
        """;

    private static void HasDefaults(StackSpec spec)
    {
        var web = Assert.Single(spec.Services);
        Assert.Equal(8080, Assert.Single(web.Container.Ports).Published);
        Assert.Equal(("tcp", TimeSpan.FromSeconds(10)), (web.Container.Ports[0].Protocol, web.Container.StopGracePeriod));
        Assert.Empty(web.Container.Environment);
        Assert.Empty(web.Container.Mounts);
        Assert.Null(web.Container.Command);
        Assert.Equal((0, 1, new UpdateSpec()), (web.Deploy.Replicas, web.Deploy.Retain, web.Deploy.Update));
        Assert.False(web.Traffic.HasListeners);
        Assert.Equal(new TrafficTimeoutsSpec(), web.Traffic.Timeouts);
        Assert.Equal(new MaintenanceSpec(), web.Traffic.Maintenance);
        Assert.Empty(spec.Certificates);
        Assert.Empty(spec.Networks);
    }

    [Fact]
    public void Revision_of_a_stack()
    {
        var revision = JsonSerializer.Deserialize(
            $$$$"""{"number": 3, "created": "2025-01-01T00:00:00+00:00", "spec": {{{{Spec}}}}, "services": {"web": {"id": "a", "configHash": "a", "image": "hello@sha256:1"}}}""",
            StoreJson.Default.StackRevision)!;

        Assert.Equal(RevisionState.Running, revision.State);
        Assert.Empty(revision.Services["web"].ImageHosts);
        HasDefaults(revision.Spec);
    }

    [Fact]
    public void Record_of_a_change()
    {
        var change = JsonSerializer.Deserialize(
            """
            {"number": 1, "kind": "Deploy", "started": "2025-01-01T00:00:00+00:00", "plan": {"stack": "hello", "targetRevision": 1, "services": [
              {"service": "web", "action": "Create", "slots": [{"slot": 1, "action": "Create"}]}]}}
            """,
            StoreJson.Default.ChangeRecord)!;

        Assert.Empty(change.Ends);
        Assert.Empty(change.Rollbacks);
        Assert.Empty(change.Plan.Warnings);
        var web = Assert.Single(change.Plan.Services);
        Assert.Equal((new UpdateSpec(), TimeSpan.FromMinutes(10), 1, ""), (web.Policy, web.ProgressDeadline, web.Retain, web.ToRevision));
        Assert.Empty(web.After);
        Assert.Empty(web.Slots[0].Old);
    }

    [Fact]
    public void Facts_of_a_host()
    {
        var facts = JsonSerializer.Deserialize("""{"name": "host-1", "cpus": 4}""", StoreJson.Default.HostFacts)!;

        Assert.Equal(("linux", 4), (facts.Os, facts.Cpus));
        Assert.Empty(facts.Labels);
        Assert.Empty(facts.EngineLabels);
        Assert.Null(facts.Address);
    }

    [Fact]
    public void Request_of_an_older_client()
    {
        var request = Assert.IsType<ChangeRequest.Deploy>(JsonSerializer.Deserialize($$"""{"type": "deploy", "stack": "hello", "spec": {{Spec}}}""", ApiJson.Default.ChangeRequest));

        Assert.Empty(request.Services);
        Assert.Empty(request.Certificates);
        HasDefaults(request.Spec);
    }

    [Fact]
    public void Record_without_what_is_required_is_refused() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"cpus": 4}""", StoreJson.Default.HostFacts));

    [Fact]
    public void What_is_written_is_read_again()
    {
        var revision = new StackRevision
        {
            Number = 1,
            Created = DateTimeOffset.UnixEpoch,
            Spec = new StackSpec { Name = "s", Services = [new ServiceSpec { Name = "web", Container = new ContainerSpec { Image = "a", Command = [] }, Deploy = new DeploySpec { Retain = 0 } }] },
            Services = System.Collections.Immutable.ImmutableSortedDictionary<string, ServiceRevision>.Empty,
        };

        var json = JsonSerializer.Serialize(revision, StoreJson.Default.StackRevision);

        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize(json, StoreJson.Default.StackRevision), StoreJson.Default.StackRevision));
    }
}
