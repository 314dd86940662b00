using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

public sealed class RealisticStackTests
{
    private const string Hello = """
        name: hello
        x-common: &common
          logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}
        services:
          web:
            <<: *common
            image: registry.local:5000/hello:${TAG:-v1}
            command: ["httpd", "-f", "-p", "80"]
            environment:
              GREETING: ${GREETING:-hello}
              DEBUG: false
            ports: ["8080:80"]
            networks: [front]
            volumes:
              - data:/var/lib/hello
              - ./www:/www:ro
            depends_on:
              db: {condition: service_healthy}
            healthcheck:
              test: wget -q -O- http://127.0.0.1/ || exit 1
              interval: 10s
              retries: 3
            deploy:
              replicas: 3
              update_config: {parallelism: 2, order: start-first, failure_action: rollback, monitor: 3s}
              rollback_config: {parallelism: 0}
              resources:
                limits: {cpus: "0.50", memory: 64M}
              placement:
                constraints: [node.labels.zone == a, "node.hostname!=h3"]
                preferences: [{spread: node.labels.rack}]
                max_replicas_per_node: 2
            x-orchestrator:
              ready: {http: /, port: 80}
              progress_deadline: 2m
          db:
            image: postgres:17
            healthcheck: {test: [CMD, pg_isready]}
            networks: {front: {aliases: [database]}}
        networks:
          front: {driver: bridge, ipam: {config: [{subnet: 10.9.0.0/24}]}}
        volumes:
          data:
        """;

    [Fact]
    public void Realistic_stack_is_read_whole()
    {
        var stack = StackFiles.Good(new StackFiles().With("stack.yaml", Hello).Set("TAG", "v2").Load());

        Assert.Equal("hello", stack.Name);
        Assert.Equal(["web", "db"], stack.Services.Select(s => s.Name));
        var web = stack.Services[0];
        Assert.Equal("registry.local:5000/hello:v2", web.Container.Image);
        Assert.Equal(["httpd", "-f", "-p", "80"], web.Container.Command!.Value.AsEnumerable());
        Assert.Equal("hello", web.Container.Environment["GREETING"]);
        Assert.Equal("false", web.Container.Environment["DEBUG"]);
        Assert.Empty(web.Container.Ports);
        Assert.Equal(new IngressPortSpec { Target = 80, Published = 8080 }, Assert.Single(web.Traffic.Ports));
        Assert.Equal("json-file", web.Container.Logging!.Driver);
        Assert.Equal("3", web.Container.Logging.Options["max-file"]);
        Assert.Equal(["CMD-SHELL", "wget -q -O- http://127.0.0.1/ || exit 1"], web.Container.Healthcheck!.Test.AsEnumerable());
        Assert.Equal(TimeSpan.FromSeconds(10), web.Container.Healthcheck.Interval);
        Assert.Equal(new MountSpec { Kind = MountKind.Volume, Source = "data", EngineName = "hello_data", Target = "/var/lib/hello" }, web.Container.Mounts[0]);
        Assert.Equal(new MountSpec { Kind = MountKind.Bind, Source = StackFiles.Folder + "/www", Target = "/www", ReadOnly = true, CreateHostPath = true }, web.Container.Mounts[1]);
        Assert.Equal(new DependencySpec { Service = "db", Condition = DependencyCondition.Healthy }, Assert.Single(web.DependsOn));
        Assert.Equal(3, web.Deploy.Replicas);
        Assert.Equal(
            new UpdateSpec { Parallelism = 2, Order = UpdateOrder.StartFirst, FailureAction = FailureAction.Rollback, Monitor = TimeSpan.FromSeconds(3) },
            web.Deploy.Update);
        Assert.Equal(new UpdateSpec { Parallelism = 0 }, web.Deploy.Rollback);
        Assert.Equal(0.5m, web.Container.Resources.CpuLimit);
        Assert.Equal(64 * 1024 * 1024, web.Container.Resources.MemoryLimitBytes);
        Assert.Equal([new ConstraintSpec("node.labels.zone", true, "a"), new ConstraintSpec("node.hostname", false, "h3")], web.Deploy.Placement.Constraints.AsEnumerable());
        Assert.Equal(["node.labels.rack"], web.Deploy.Placement.SpreadBy.AsEnumerable());
        Assert.Equal(2, web.Deploy.Placement.MaxReplicasPerHost);
        Assert.Equal(new ReadySpec { HttpPath = "/", Port = 80 }, web.Container.Ready);
        Assert.Equal(TimeSpan.FromMinutes(2), web.Deploy.ProgressDeadline);
        Assert.Equal("hello_front", Assert.Single(web.Container.Networks).EngineName);
        Assert.Equal(["database"], stack.Services[1].Container.Networks[0].Aliases.AsEnumerable());
        Assert.Equal("10.9.0.0/24", stack.Networks["front"].Subnet);
        Assert.Equal(["front"], stack.Networks.Keys);
        Assert.Equal(["data"], stack.Volumes.Keys);
    }

    [Fact]
    public void Realistic_stack_survives_json()
    {
        var stack = StackFiles.Good(new StackFiles().With("stack.yaml", Hello).Load());

        var json = SpecJson.Write(stack);

        Assert.Equal(json, SpecJson.Write(SpecJson.ReadStack(json)));
    }
}
