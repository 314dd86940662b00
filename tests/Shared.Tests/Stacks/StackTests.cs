using Orchestrator.Stacks;

namespace Orchestrator.Tests.Stacks;

/// <summary>The top level: names, networks, volumes, warnings.</summary>
public sealed class StackTests
{
    private const string Plain = "services: {web: {image: a}}\n";

    [Theory]
    [InlineData("given", "variable", "name: filed\n", "given")]
    [InlineData(null, "variable", "name: filed\n", "variable")]
    [InlineData(null, null, "name: filed\n", "filed")]
    [InlineData(null, null, "name: ${X:-from}-file\n", "from-file")]
    [InlineData(null, null, "", "shop")]
    public void Project_name_comes_from_the_first_that_gives_one(string? given, string? variable, string line, string expected)
    {
        var files = new StackFiles().With("stack.yaml", line + Plain);
        if (variable is not null)
            files.Set("COMPOSE_PROJECT_NAME", variable);

        var result = StackFile.Load(files.Request("stack.yaml") with { ProjectName = given });

        Assert.Equal(expected, StackFiles.Good(result).Name);
    }

    [Theory]
    [InlineData("/srv/My Shop.v2", "myshopv2")]
    [InlineData("/srv/_x", "x")]
    public void Project_name_is_made_from_the_folder(string folder, string expected)
    {
        var files = new StackFiles().With("stack.yaml", Plain);

        var result = StackFile.Load(files.Request("stack.yaml") with { ProjectDirectory = folder });

        Assert.Equal(expected, StackFiles.Good(result).Name);
    }

    [Theory]
    [InlineData("Bad", "stack.yaml: the project name given, `Bad`, is not a valid name")]
    [InlineData("-x", "stack.yaml: the project name given, `-x`, is not a valid name")]
    public void Bad_given_name_is_an_error(string given, string expected)
    {
        var result = StackFile.Load(new StackFiles().With("stack.yaml", Plain).Request("stack.yaml") with { ProjectName = given });

        Assert.StartsWith(expected, Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Project_name_is_a_variable_in_the_file() =>
        Assert.Equal("shop-x", StackFiles.Service("hostname: ${COMPOSE_PROJECT_NAME}-x").Container.Hostname);

    [Fact]
    public void Default_network_is_there_only_when_a_service_uses_it()
    {
        var with = StackFiles.Good("services: {web: {image: a}, db: {image: b, networks: [n]}}\nnetworks: {n: }\n");
        var without = StackFiles.Good("services: {web: {image: a, network_mode: none}, db: {image: b, networks: [n]}}\nnetworks: {n: }\n");

        Assert.Equal(["default", "n"], with.Networks.Keys);
        Assert.Equal("shop_default", with.Services[0].Container.Networks.Single().EngineName);
        Assert.Equal(["n"], without.Networks.Keys);
        Assert.Empty(without.Services[0].Container.Networks);
    }

    [Fact]
    public void Default_network_takes_what_the_file_says_of_it()
    {
        var stack = StackFiles.Good(Plain + "networks: {default: {name: shared, external: true}}\n");

        Assert.Equal(("shared", true), (stack.Networks["default"].EngineName, stack.Networks["default"].External));
        Assert.Equal("shared", stack.Services[0].Container.Networks.Single().EngineName);
    }

    [Theory]
    [InlineData("", "shop_n", false)]
    [InlineData("{name: other}", "other", false)]
    [InlineData("{external: true}", "n", true)]
    [InlineData("{external: true, name: other}", "other", true)]
    [InlineData("{external: {name: other}}", "other", true)]
    [InlineData("{external: false}", "shop_n", false)]
    public void Network_and_volume_have_their_names_on_the_engine(string definition, string engineName, bool external)
    {
        var stack = StackFiles.Good($"services: {{web: {{image: a, networks: [n], volumes: [\"n:/n\"]}}}}\nnetworks: {{n: {definition} }}\nvolumes: {{n: {definition} }}\n");

        Assert.Equal((engineName, external), (stack.Networks["n"].EngineName, stack.Networks["n"].External));
        Assert.Equal((engineName, external), (stack.Volumes["n"].EngineName, stack.Volumes["n"].External));
        Assert.Equal(engineName, stack.Services[0].Container.Mounts.Single().EngineName);
    }

    [Fact]
    public void Network_keys_are_read()
    {
        var network = StackFiles.Good("""
            services: {web: {image: a, networks: [n]}}
            networks:
              n:
                driver: macvlan
                driver_opts: {parent: eth0, mtu: 1400}
                internal: true
                attachable: true
                enable_ipv6: true
                labels: [a=b]
                ipam: {driver: default, config: [{subnet: 10.1.0.0/16, gateway: 10.1.0.1}]}
            """).Networks["n"];

        Assert.Equal(("macvlan", true, true, true), (network.Driver, network.Internal, network.Attachable, network.EnableIpv6));
        Assert.Equal(("10.1.0.0/16", "10.1.0.1"), (network.Subnet, network.Gateway));
        Assert.Equal("mtu=1400,parent=eth0", string.Join(',', network.DriverOptions.Select(p => $"{p.Key}={p.Value}")));
        Assert.Equal("b", network.Labels["a"]);
    }

    [Fact]
    public void Volume_keys_are_read()
    {
        var volume = StackFiles.Good("""
            services: {web: {image: a, volumes: ["v:/v"]}}
            volumes: {v: {driver: nfs, driver_opts: {o: addr=10.0.0.1}, labels: {a: b}}}
            """).Volumes["v"];

        Assert.Equal(("nfs", "addr=10.0.0.1", "b"), (volume.Driver, volume.DriverOptions["o"], volume.Labels["a"]));
    }

    [Theory]
    [InlineData("networks: {n: {ipam: {config: [{subnet: 10.0.0.0}]}}}", "networks.n.ipam.config[0].subnet: must be a subnet such as 10.5.0.0/24, but is `10.0.0.0`")]
    [InlineData("networks: {n: {ipam: {config: [{gateway: x}]}}}", "networks.n.ipam.config[0].gateway: must be an address such as 10.5.0.1, but is `x`")]
    [InlineData("networks: {n: {ipam: {driver: dhcp}}}", "networks.n.ipam.driver: the address driver `dhcp` is not supported yet; use `default`, or leave it out")]
    [InlineData("networks: {n: {ipam: {config: [{}, {}]}}}", "networks.n.ipam.config[1]: more than one address pool is not supported yet; keep one")]
    [InlineData("networks: {n: {atachable: true}}", "networks.n.atachable: `atachable` is not a known key; did you mean attachable?")]
    [InlineData("volumes: {n: {drvr: x}}", "volumes.n.drvr: `drvr` is not a known key; did you mean driver?")]
    public void Bad_network_or_volume_is_an_error(string line, string expected) =>
        Assert.EndsWith(expected, Assert.Single(StackFiles.Errors(Plain + line + "\n")), StringComparison.Ordinal);

    [Fact]
    public void Stack_is_atomic_when_its_file_says_so()
    {
        Assert.True(StackFiles.Load("x-orchestrator: {atomic: true}\n" + Plain).Stack!.IsAtomic);
        Assert.False(StackFiles.Load(Plain).Stack!.IsAtomic);
        Assert.EndsWith("`atomik` is not a known key; did you mean atomic?", Assert.Single(StackFiles.Errors("x-orchestrator: {atomik: true}\n" + Plain)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("version: \"3.8\"\n", "stack.yaml:1:10: version: `version` is obsolete and has no effect; remove it")]
    [InlineData("volumes: {v: }\n", "stack.yaml:1:11: volumes.v: no service uses the volume v; it is not created; remove it, or name it in a service")]
    [InlineData("networks: {n: }\n", "stack.yaml:1:12: networks.n: no service uses the network n; it is not created; remove it, or name it in a service")]
    public void Harmless_slip_is_a_warning(string line, string expected)
    {
        var result = StackFiles.Load(line + Plain);

        Assert.NotNull(result.Stack);
        Assert.Equal(expected, Assert.Single(result.Warnings).ToString());
    }

    [Theory]
    [InlineData("tty: yes", "stack.yaml:4:10: services.web.tty: `yes` is text in YAML 1.2; it is taken for true; write true")]
    [InlineData("hostname: $UNSET", "stack.yaml:4:15: services.web.hostname: the variable UNSET is not set; a blank string is used; set it, or write ${UNSET:-} to say that blank is meant")]
    [InlineData("depends_on: {gone: {condition: service_started, required: false}}", "stack.yaml:4:18: services.web.depends_on.gone: the service `gone` is not defined; it is not required, so the stack goes on without it")]
    [InlineData("restart: always\ndeploy: {restart_policy: {condition: none}}", "stack.yaml:4:14: services.web.restart: `deploy.restart_policy` overrides `restart`; remove one of them")]
    public void Harmless_slip_in_a_service_is_a_warning(string lines, string expected)
    {
        var result = StackFiles.Load(StackFiles.Yaml(lines));

        Assert.NotNull(result.Stack);
        Assert.Equal(expected, Assert.Single(result.Warnings).ToString());
    }

    [Fact]
    public void Waiting_for_a_healthcheck_the_image_may_have_is_a_warning()
    {
        var result = StackFiles.Load("services:\n  a: {image: a, depends_on: {b: {condition: service_healthy}}}\n  b: {image: b}\n");

        Assert.NotNull(result.Stack);
        Assert.StartsWith("stack.yaml:2:30: services.a.depends_on.b: waits for b to be healthy", Assert.Single(result.Warnings).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Waiting_for_a_ready_probe_is_fine() =>
        Assert.Empty(StackFiles.Load("services:\n  a: {image: a, depends_on: {b: {condition: service_healthy}}}\n  b: {image: b, x-orchestrator: {ready: {tcp: 1}}}\n").Warnings);

    [Fact]
    public void Host_ports_of_two_services_may_be_alike() =>
        StackFiles.Good("services:\n  a: {image: a, ports: [{target: 1, published: 80, mode: host}]}\n  b: {image: b, ports: [{target: 1, published: 80, mode: host}]}\n");

    [Fact]
    public void Two_circles_are_two_errors_and_a_service_before_a_circle_is_none()
    {
        var errors = StackFiles.Load("""
            services:
              a: {image: x, depends_on: [c]}
              b: {image: x, depends_on: [c]}
              c: {image: x, depends_on: [b]}
              d: {image: x, depends_on: [e]}
              e: {image: x, depends_on: [d]}
            """).Errors;

        Assert.Equal(
            ["services depend on each other in a circle: b -> c -> b", "services depend on each other in a circle: d -> e -> d"],
            errors.Select(e => e.Message));
    }

    [Fact]
    public void File_on_disk_is_read()
    {
        var folder = Directory.CreateTempSubdirectory("stack-file-test");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "stack.yaml"), "name: disk\n" + Plain);

            var result = StackFile.Load(new StackFileRequest { Files = ["stack.yaml"], CurrentDirectory = folder.FullName });

            Assert.Equal("disk", StackFiles.Good(result).Name);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
