using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

/// <summary>Several <c>-f</c> files, and several documents in one file.</summary>
public sealed class MergeTests
{
    private const string Base = """
        name: first
        services:
          web:
            image: nginx:1
            command: [a, b]
            environment: [A=1, B=1]
            labels: {l: one}
            ports: ["80:80"]
            volumes: ["./x:/x", "data:/data"]
            networks: [front]
            depends_on: [db]
            dns: 10.0.0.1
            healthcheck: {test: [CMD, one], interval: 5s}
            ulimits: {nofile: {soft: 1, hard: 2}}
            logging: {driver: json-file, options: {max-size: 1m}}
            deploy: {replicas: 2, update_config: {parallelism: 2}}
          db: {image: postgres}
        networks: {front: }
        volumes: {data: }
        """;

    private static StackFileResult Merge(string second, string first = Base) =>
        new StackFiles().With("stack.yaml", first).With("b.yaml", second).Load("stack.yaml", "b.yaml");

    private static ContainerSpec Web(string lines) => Merged(lines).Container;

    private static ServiceSpec Merged(string lines)
    {
        var stack = StackFiles.Good(Merge("services:\n  web:\n" + string.Concat(lines.Split('\n').Select(l => $"    {l}\n"))));
        return stack.Services[0];
    }

    [Fact]
    public void Later_text_replaces_and_the_rest_stays()
    {
        var stack = StackFiles.Good(Merge("name: second\nservices: {web: {image: nginx:2, deploy: {replicas: 5}}, extra: {image: x}}"));

        Assert.Equal("second", stack.Name);
        Assert.Equal(["web", "db", "extra"], stack.Services.Select(s => s.Name));
        Assert.Equal("nginx:2", stack.Services[0].Container.Image);
        Assert.Equal((5, 2), (stack.Services[0].Deploy.Replicas, stack.Services[0].Deploy.Update.Parallelism));
    }

    [Fact]
    public void Command_and_health_test_and_each_ulimit_are_replaced_whole()
    {
        var web = Web("command: [c]\nhealthcheck: {test: two}\nulimits: {nofile: 7}");

        Assert.Equal(["c"], web.Command!.Value.AsEnumerable());
        Assert.Equal(["CMD-SHELL", "two"], web.Healthcheck!.Test.AsEnumerable());
        Assert.Equal(TimeSpan.FromSeconds(5), web.Healthcheck.Interval);
        Assert.Equal(new UlimitSpec(7, 7), web.Ulimits["nofile"]);
    }

    [Fact]
    public void Environment_and_labels_merge_by_key_in_either_form()
    {
        var web = Web("environment: {B: 2, C: 3}\nlabels: [l=two, m=x]");

        Assert.Equal(["A=1", "B=2", "C=3"], web.Environment.Select(p => $"{p.Key}={p.Value}"));
        Assert.Equal(["l=two", "m=x"], web.Labels.Select(p => $"{p.Key}={p.Value}"));
    }

    [Fact]
    public void Lists_append_and_mounts_replace_by_target()
    {
        var web = Web("ports: [\"81:81\", \"80:80\"]\nvolumes: [\"./y:/x:ro\", \"./z:/z\"]\ndns: [10.0.0.2]");

        Assert.Equal([80, 81], Merged("ports: [\"81:81\", \"80:80\"]").Traffic.Ports.Select(p => p.Target));
        Assert.Equal(["/home/ada/shop/y>/x", "data>/data", "/home/ada/shop/z>/z"], web.Mounts.Select(m => $"{m.Source}>{m.Target}"));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], web.Dns.AsEnumerable());
    }

    [Fact]
    public void Networks_and_dependencies_merge_list_with_mapping()
    {
        var stack = StackFiles.Good(Merge("""
            services:
              web:
                networks: {back: {aliases: [w]}, front: {priority: 1}}
                depends_on: {db: {condition: service_completed_successfully}, extra: {condition: service_started}}
              extra: {image: x}
            networks: {back: }
            """));

        Assert.Equal(["front", "back"], stack.Services[0].Container.Networks.Select(n => n.Network));
        Assert.Equal(
            [new DependencySpec { Service = "db", Condition = DependencyCondition.Completed }, new DependencySpec { Service = "extra" }],
            stack.Services[0].DependsOn.AsEnumerable());
    }

    [Theory]
    [InlineData("logging: {options: {tag: t}}", "max-size=1m,tag=t")]
    [InlineData("logging: {driver: json-file, options: {tag: t}}", "max-size=1m,tag=t")]
    [InlineData("logging: {driver: syslog, options: {tag: t}}", "tag=t")]
    public void Logging_options_merge_only_for_the_same_driver(string line, string expected) =>
        Assert.Equal(expected, string.Join(',', Web(line).Logging!.Options.Select(p => $"{p.Key}={p.Value}")));

    [Fact]
    public void Reset_takes_away_and_override_replaces()
    {
        var web = Web("ports: !override [\"90:90\"]\nvolumes: !reset []\ncommand: !reset null\nenvironment: {A: !reset null}");

        Assert.Equal([90], Merged("ports: !override [\"90:90\"]").Traffic.Ports.Select(p => p.Target));
        Assert.Empty(web.Mounts);
        Assert.Null(web.Command);
        Assert.Equal(["B"], web.Environment.Keys);
    }

    [Fact]
    public void Documents_of_one_file_merge_like_files()
    {
        var stack = StackFiles.Good("services: {web: {image: a}}\n---\nservices: {web: {hostname: h}}\n---\n");

        Assert.Equal(("a", "h"), (stack.Services[0].Container.Image, stack.Services[0].Container.Hostname));
    }

    [Fact]
    public void Error_names_the_file_that_says_the_wrong_thing()
    {
        var errors = Merge("services:\n  web:\n    ports: [\"0:0\"]\n    imag: x\n", Base.Replace("dns: 10.0.0.1", "dns: 5", StringComparison.Ordinal)).Errors;

        Assert.Equal(["stack.yaml:12", "b.yaml:3", "b.yaml:4"], errors.Select(e => $"{e.File}:{e.Line}"));
    }

    [Fact]
    public void Missing_file_is_named()
    {
        var error = Assert.Single(new StackFiles().Load("none.yaml").Errors);

        Assert.Equal("none.yaml: the stack file does not exist; check the path; relative paths start at /home/ada/shop", error.ToString());
    }

    [Fact]
    public void No_file_is_an_error_too() =>
        Assert.Equal("no stack file was named", Assert.Single(StackFile.Load(new StackFileRequest { Files = [], CurrentDirectory = "/" }).Errors).Message);
}
