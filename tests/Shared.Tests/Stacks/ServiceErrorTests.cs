namespace Orchestrator.Tests.Stacks;

/// <summary>What is wrong with one service. Each row: a file, and exactly what is said about it.</summary>
public sealed class ServiceErrorTests
{
    public static TheoryData<string, string, string> Cases =>
        new()
        {
            {
                "image a list",
                """
                services:
                  web:
                    image: [a, b]
                """,
                """
                stack.yaml:3:12: services.web.image: must be text, but is a list
                """
            },
            {
                "image a number",
                """
                services:
                  web:
                    image: 1.10
                """,
                """
                stack.yaml:3:12: services.web.image: must be text, but is the number 1.10; put it in quotes: "1.10"
                """
            },
            {
                "unknown key near a known one",
                """
                services:
                  web:
                    image: a
                    enviroment: {A: b}
                """,
                """
                stack.yaml:4:5: services.web.enviroment: `enviroment` is not a known key; did you mean environment?
                """
            },
            {
                "unknown key near none",
                """
                services:
                  web:
                    image: a
                    zzzzzzzz: 1
                """,
                """
                stack.yaml:4:5: services.web.zzzzzzzz: `zzzzzzzz` is not a known key; docs/stack-file.md lists the supported keys
                """
            },
            {
                "network_mode with networks",
                """
                services:
                  web:
                    image: a
                    networks: [front]
                    network_mode: host
                networks: {front: }
                """,
                """
                stack.yaml:5:19: services.web.network_mode: `network_mode` stands beside `networks` (at stack.yaml:4:15); keep one of the two
                """
            },
            {
                "bad short ports",
                """
                services:
                  web:
                    image: a
                    ports:
                      - "70000:80"
                      - "8080:0"
                      - "80:80:80:80"
                      - "8080:80/tpc"
                      - "8000-8010:80"
                      - "8000-8002:80-81"
                      - "300.0.0.1:80:80"
                      - abc
                      - "99999999999:80"
                      - "9-8:9-8"
                """,
                """
                stack.yaml:5:9: services.web.ports[0]: port 70000 is out of range; ports go from 1 to 65535
                stack.yaml:6:9: services.web.ports[1]: port 0 is out of range; ports go from 1 to 65535
                stack.yaml:7:9: services.web.ports[2]: `80:80` is not an IP address; the form is [ip:][published:]target[/protocol], such as 8080:80 or 127.0.0.1:8080:80/tcp
                stack.yaml:8:9: services.web.ports[3]: `tpc` is not a protocol; use tcp, udp or sctp
                stack.yaml:9:9: services.web.ports[4]: a range of published ports for one target is not supported yet; choose one port
                stack.yaml:10:9: services.web.ports[5]: 3 published ports do not match 2 targets; make both ranges equally long
                stack.yaml:11:9: services.web.ports[6]: `300.0.0.1` is not an IP address; the form is [ip:][published:]target[/protocol], such as 8080:80 or 127.0.0.1:8080:80/tcp
                stack.yaml:12:9: services.web.ports[7]: `abc` is not a port; the form is [ip:][published:]target[/protocol], such as 8080:80 or 127.0.0.1:8080:80/tcp
                stack.yaml:13:9: services.web.ports[8]: port 99999999999 is out of range; ports go from 1 to 65535
                stack.yaml:14:9: services.web.ports[9]: the range 9-8 runs backwards; write 8-9
                """
            },
            {
                "bad long ports",
                """
                services:
                  web:
                    image: a
                    ports:
                      - {published: 80}
                      - {target: 0}
                      - {target: 80, mode: hots}
                      - {target: 80, published: "8000-8010"}
                      - {target: 80, protocl: udp}
                """,
                """
                stack.yaml:5:9: services.web.ports[0]: `target` is missing; add the container's port
                stack.yaml:6:18: services.web.ports[1].target: must be from 1 to 65535, but is 0
                stack.yaml:7:28: services.web.ports[2].mode: must be one of ingress, host, but is `hots`; did you mean host?
                stack.yaml:8:33: services.web.ports[3].published: a range of published ports for one target is not supported yet; choose one port
                stack.yaml:9:22: services.web.ports[4].protocl: `protocl` is not a known key; did you mean protocol?
                """
            },
            {
                "one port published twice",
                """
                services:
                  web:
                    image: a
                    ports: ["80:80", "80:81"]
                """,
                """
                stack.yaml:4:22: services.web.ports[1]: port 80 is published twice: for 80 and for 81; publish one of them on another port
                """
            },
            {
                "two mounts on one target",
                """
                services:
                  web:
                    image: a
                    volumes: ["./a:/x", "./b:/x/"]
                    tmpfs: /x
                """,
                """
                stack.yaml:4:25: services.web.volumes[1]: two mounts have the target /x; mount one of them elsewhere
                stack.yaml:5:12: services.web.tmpfs: two mounts have the target /x; mount one of them elsewhere
                """
            },
            {
                "container_name with replicas",
                """
                services:
                  web:
                    image: a
                    container_name: web
                    deploy: {replicas: 2}
                """,
                """
                stack.yaml:4:21: services.web.container_name: one container name cannot serve 2 replicas; remove `container_name`, or run one replica
                """
            },
            {
                "addresses with replicas",
                """
                services:
                  web:
                    image: a
                    networks:
                      default: {ipv4_address: 10.9.0.5, ipv6_address: "fd00::5"}
                    deploy: {replicas: 2}
                """,
                """
                stack.yaml:5:31: services.web.networks.default.ipv4_address: one address cannot serve 2 replicas; remove `ipv4_address`, or run one replica
                stack.yaml:5:55: services.web.networks.default.ipv6_address: one address cannot serve 2 replicas; remove `ipv6_address`, or run one replica
                """
            },
            {
                "scale against replicas",
                """
                services:
                  web:
                    image: a
                    scale: 2
                    deploy: {replicas: 3}
                """,
                """
                stack.yaml:4:12: services.web.scale: scale 2 differs from deploy.replicas 3 (at stack.yaml:5:24); keep one of the two
                """
            },
            {
                "global with replicas",
                """
                services:
                  web:
                    image: a
                    deploy: {mode: global, replicas: 3}
                """,
                """
                stack.yaml:4:38: services.web.deploy.replicas: a global service runs once on every host and takes no number of replicas; remove it, or set mode: replicated
                """
            },
            {
                "bad update and rollback",
                """
                services:
                  web:
                    image: a
                    deploy:
                      update_config: {failure_action: stop, order: start_first, max_failure_ratio: 2, parallelism: -1, delay: 10}
                      rollback_config: {failure_action: rollback}
                """,
                """
                stack.yaml:5:39: services.web.deploy.update_config.failure_action: must be one of pause, continue, rollback, but is `stop`
                stack.yaml:5:52: services.web.deploy.update_config.order: must be one of stop-first, start-first, but is `start_first`; did you mean start-first?
                stack.yaml:5:84: services.web.deploy.update_config.max_failure_ratio: must be from 0 to 1, but is 2
                stack.yaml:5:100: services.web.deploy.update_config.parallelism: must be at least 0, but is -1
                stack.yaml:5:111: services.web.deploy.update_config.delay: the duration `10` has no unit; write 10s for seconds
                stack.yaml:6:41: services.web.deploy.rollback_config.failure_action: a rollback that fails cannot roll back again; use pause or continue
                """
            },
            {
                "bad placement",
                """
                services:
                  web:
                    image: a
                    deploy:
                      placement:
                        constraints: [node.lables.zone==a, node.role=manager, node.hostnam==x, node.ip==web-1]
                        preferences: [{spread: zone}]
                """,
                """
                stack.yaml:6:23: services.web.deploy.placement.constraints[0]: `node.lables.zone` is not a constraint key; did you mean node.labels.zone?
                stack.yaml:6:44: services.web.deploy.placement.constraints[1]: `node.role=manager` is not a constraint; the form is key==value or key!=value, such as node.labels.zone==a
                stack.yaml:6:63: services.web.deploy.placement.constraints[2]: `node.hostnam` is not a constraint key; did you mean node.hostname?
                stack.yaml:6:80: services.web.deploy.placement.constraints[3]: `web-1` is neither an address nor a range of addresses; write node.ip==10.0.0.1 or node.ip==10.0.0.0/24
                stack.yaml:7:32: services.web.deploy.placement.preferences[0].spread: `zone` is not a key to spread over; use a label such as node.labels.zone
                """
            },
            {
                "bad healthcheck",
                """
                services:
                  web:
                    image: a
                    healthcheck:
                      test: [curl, localhost]
                      interval: 10
                      timeout: fast
                      retries: many
                """,
                """
                stack.yaml:5:13: services.web.healthcheck.test: a test list starts with CMD, CMD-SHELL or NONE, but this one with `curl`; write ["CMD", "curl", …]
                stack.yaml:6:17: services.web.healthcheck.interval: the duration `10` has no unit; write 10s for seconds
                stack.yaml:7:16: services.web.healthcheck.timeout: `fast` is not a duration; a duration is numbers with units, such as 10s, 1m30s or 500ms (us, ms, s, m, h, d, w)
                stack.yaml:8:16: services.web.healthcheck.retries: must be a whole number, but is `many`
                """
            },
            {
                "bad booleans",
                """
                services:
                  web:
                    image: a
                    tty: yes
                    init: maybe
                    privileged: [a]
                    read_only: "true"
                """,
                """
                stack.yaml:5:11: services.web.init: must be true or false, but is `maybe`
                stack.yaml:6:17: services.web.privileged: must be true or false, but is a list
                """
            },
            {
                "bad restart",
                """
                services:
                  web:
                    image: a
                    restart: allways
                  b:
                    image: a
                    restart: on-failure:x
                """,
                """
                stack.yaml:4:14: services.web.restart: must be one of no, always, on-failure, unless-stopped, but is `allways`; did you mean always?
                stack.yaml:7:14: services.b.restart: `on-failure:x`: after on-failure: comes the number of attempts; write on-failure:3
                """
            },
            {
                "bad resources",
                """
                services:
                  web:
                    image: a
                    mem_limit: 64x
                    cpus: a
                    deploy: {resources: {limits: {memory: 1m}, reservations: {memory: 2m}}}
                """,
                """
                stack.yaml:4:16: services.web.mem_limit: `64x` is not a size; a size is a number with a unit, such as 512m or 1.5g (b, k, m, g, t, p; powers of 1024)
                stack.yaml:5:11: services.web.cpus: must be a number, but is `a`
                stack.yaml:6:71: services.web.deploy.resources.reservations.memory: the memory reserved is above the memory limit; reserve at most the limit
                """
            },
            {
                "bad x-orchestrator",
                """
                services:
                  web:
                    image: a
                    x-orchestrator: {ready: {http: /x}, retain: 100, progres_deadline: 1m}
                  b:
                    image: a
                    x-orchestrator: {ready: {http: /x, port: 1, tcp: 5}}
                  c:
                    image: a
                    x-orchestrator: {ready: {}}
                  d:
                    image: a
                    x-orchestrator: {ready: 80}
                """,
                """
                stack.yaml:4:29: services.web.x-orchestrator.ready: `port` is missing; add the container's port that answers
                stack.yaml:4:49: services.web.x-orchestrator.retain: must be from 0 to 10, but is 100
                stack.yaml:4:54: services.web.x-orchestrator.progres_deadline: `progres_deadline` is not a known key; did you mean progress_deadline?
                stack.yaml:7:29: services.b.x-orchestrator.ready: both an HTTP and a TCP probe are given; keep one
                stack.yaml:10:29: services.c.x-orchestrator.ready: neither `http` nor `tcp` is given; write ready: {http: /health, port: 8080} or ready: {tcp: 5432}
                stack.yaml:13:29: services.d.x-orchestrator.ready: must be a mapping with `http` and `port`, or with `tcp`, but is the number 80
                """
            },
            {
                "keys without value",
                """
                services:
                  web:
                    image: a
                    ports:
                    environment:
                    command:
                    deploy:
                """,
                """
                stack.yaml:4:11: services.web.ports: must be a list, but is empty; give it a value, or remove the key
                stack.yaml:5:17: services.web.environment: must be a mapping or a list of KEY=value, but is empty; give it a value, or remove the key
                """
            },
            {
                "other files and modes",
                """
                services:
                  web:
                    image: a
                    container_name: one
                    network_mode: host
                    ports: ["80"]
                    label_file: none.labels
                    security_opt: ["seccomp=none.json"]
                    pull_policy: daily
                    hostname: [a]
                  b:
                    image: a b
                    container_name: one
                    network_mode: service:web
                    pull_policy: allways
                    deploy: {mode: global-job, resources: {reservations: {devices: []}}}
                  c.d:
                    image: ""
                    network_mode: other
                    container_name: "?"
                """,
                """
                stack.yaml:6:12: services.web.ports: `ports` has no effect with `network_mode: host`; remove one of them
                stack.yaml:7:17: services.web.label_file: the label file /home/ada/shop/none.labels does not exist; create it, or correct the path; relative paths start at /home/ada/shop
                stack.yaml:8:20: services.web.security_opt[0]: the seccomp profile /home/ada/shop/none.json does not exist; create it, or correct the path; relative paths start at /home/ada/shop
                stack.yaml:9:18: services.web.pull_policy: the pull policy `daily` is not supported yet; use always, missing or never
                stack.yaml:10:15: services.web.hostname: must be text, but is a list
                stack.yaml:12:12: services.b.image: `a b` holds a space, which no image name does
                stack.yaml:13:21: services.b.container_name: the container name one is already that of web; give each service its own
                stack.yaml:14:19: services.b.network_mode: `service:web`: sharing another container's network is not supported yet; use a network both services are on
                stack.yaml:15:18: services.b.pull_policy: must be one of always, missing, if_not_present, never, but is `allways`; did you mean always?
                stack.yaml:16:20: services.b.deploy.mode: the mode `global-job` is not supported yet; use replicated or global
                stack.yaml:16:59: services.b.deploy.resources.reservations.devices: `devices` is not supported yet; remove it; docs/stack-file.md lists the supported keys
                stack.yaml:18:12: services.c.d.image: the image's name is empty; name an image, such as nginx:1.27
                stack.yaml:19:19: services.c.d.network_mode: must be one of none, host, bridge, but is `other`; to join a network, name it under `networks`
                stack.yaml:20:21: services.c.d.container_name: `?` is not a valid container name; two or more letters, digits, `_`, `.` and `-`, starting with a letter or digit
                """
            },
            {
                "other bad values",
                """
                services:
                  web:
                    image: a
                    ulimits: {nofile: {soft: 5}, nproc: {soft: 5, hard: 3}}
                    extra_hosts: [a, "b:x"]
                    labels: [orchestrator.x=1]
                    environment: [A=1, A=2, "=x"]
                    command: 'a "b'
                    volumes: ["a", "x:y:z:w", "./a:/b:zz", "~bob/x:/y", {type: bind, target: /q}, {type: tmpfs, source: a, target: /w}, {target: /e}]
                """,
                """
                stack.yaml:4:23: services.web.ulimits.nofile: needs both soft and hard; give both, or one number for both
                stack.yaml:4:41: services.web.ulimits.nproc: the soft limit 5 is above the hard limit 3
                stack.yaml:5:19: services.web.extra_hosts[0]: `a` is not host=address; write name=10.0.0.1, or name=host-gateway
                stack.yaml:5:22: services.web.extra_hosts[1]: `x` is not an address; write an IP address or host-gateway
                stack.yaml:6:14: services.web.labels[0]: labels that start with `orchestrator.` are reserved; choose another name
                stack.yaml:7:24: services.web.environment[1]: A is here twice: it is already at stack.yaml:7:19; remove one of them
                stack.yaml:7:29: services.web.environment[2]: the name before `=` is missing; write NAME=value
                stack.yaml:8:14: services.web.command: a quote in this command is not closed; close it, or write the command as a list: ["program", "argument"]
                stack.yaml:9:15: services.web.volumes[0]: the target `a` is not an absolute path; start it with /
                stack.yaml:9:20: services.web.volumes[1]: `x:y:z:w` is not a volume; the form is [source:]target[:options], such as data:/var/lib/data:ro
                stack.yaml:9:31: services.web.volumes[2]: `zz` is not a mount option; known options: ro, rw, nocopy, shared, rshared, slave, rslave, private, rprivate
                stack.yaml:9:44: services.web.volumes[3]: `~bob/x`: only your own home (~/) is understood; write the path in full
                stack.yaml:9:57: services.web.volumes[4]: a bind mount needs `source`; add the path on the host
                stack.yaml:9:105: services.web.volumes[5].source: a tmpfs mount has no `source`; remove it
                stack.yaml:9:121: services.web.volumes[6]: `type` is missing; add type: bind, volume or tmpfs
                """
            },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bad_file_is_refused_with_every_error_in_place(string what, string yaml, string expected)
    {
        var errors = new StackFiles().With("stack.yaml", yaml).With("bad.env", "A B=1\nC=\"x\n").Load().Errors;

        Assert.Equal($"{what}:\n{expected}", $"{what}:\n{string.Join('\n', errors)}");
    }
}
