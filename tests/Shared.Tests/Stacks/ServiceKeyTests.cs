using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Stacks;
using Orchestrator.Stacks.Reading;

namespace Orchestrator.Tests.Stacks;

/// <summary>What each key of a service becomes. Each row: the key as written, and all of the service's spec that is not a default.</summary>
public sealed class ServiceKeyTests
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string, string> Keys =>
        new()
        {
            { """command: httpd -f -p "80 81" """, """{"Container":{"Command":["httpd","-f","-p","80 81"]}}""" },
            { """command: [httpd, -f]""", """{"Container":{"Command":["httpd","-f"]}}""" },
            { """command: []""", """{"Container":{"Command":[]}}""" },
            { """command: "" """, """{"Container":{"Command":[]}}""" },
            { """command:""", """{}""" },
            { """entrypoint: sh -c 'echo "a b"'""", """{"Container":{"Entrypoint":["sh","-c","echo \"a b\""]}}""" },
            { """entrypoint: []""", """{"Container":{"Entrypoint":[]}}""" },
            { """environment: {A: x, B: 1, C: true, D: 1.10, E: , HOME: , F: ""}""", """{"Container":{"Environment":{"A":"x","B":"1","C":"true","D":"1.10","E":null,"F":"","HOME":"/home/ada"}}}""" },
            { """environment: [A=x, B=1=2, MISSING, HOME, F=]""", """{"Container":{"Environment":{"A":"x","B":"1=2","F":"","HOME":"/home/ada","MISSING":null}}}""" },
            { """labels: {a: 1, b.c: x}""", """{"Container":{"Labels":{"a":"1","b.c":"x"}}}""" },
            { """labels: [a=1, b]""", """{"Container":{"Labels":{"a":"1","b":""}}}""" },
            { """x-orchestrator: {strategy: rolling}""", """{}""" },
            { """x-orchestrator: {strategy: blue-green}""", """{"Deploy":{"Strategy":{"Kind":"BlueGreen"}}}""" },
            { """x-orchestrator: {strategy: {type: canary, percent: 10, hold: 5m, promote: auto}}""", """{"Deploy":{"Strategy":{"Hold":"00:05:00","Kind":"Canary","Percent":10}}}""" },
            { """x-orchestrator: {strategy: {type: canary, replicas: 2, promote: manual}}""", """{"Deploy":{"Strategy":{"IsManual":true,"Kind":"Canary","Replicas":2}}}""" },
            { """container_name: shop-web""", """{"Container":{"ContainerName":"shop-web"}}""" },
            { """hostname: box""", """{"Container":{"Hostname":"box"}}""" },
            { """user: 1000""", """{"Container":{"User":"1000"}}""" },
            { """user: "1000:1000" """, """{"Container":{"User":"1000:1000"}}""" },
            { """working_dir: /srv""", """{"Container":{"WorkingDir":"/srv"}}""" },
            { """tty: true""", """{"Container":{"Tty":true}}""" },
            { """stdin_open: "true" """, """{"Container":{"StdinOpen":true}}""" },
            { """init: true""", """{"Container":{"Init":true}}""" },
            { """init: false""", """{"Container":{"Init":false}}""" },
            { """read_only: true""", """{"Container":{"ReadOnly":true}}""" },
            { """privileged: true""", """{"Container":{"Privileged":true}}""" },
            { """stop_signal: SIGQUIT""", """{"Container":{"StopSignal":"SIGQUIT"}}""" },
            { """stop_grace_period: 1m30s""", """{"Container":{"StopGracePeriod":"00:01:30"}}""" },
            { """healthcheck: {test: curl -f localhost, interval: 5s, timeout: 1s, retries: 2, start_period: 1m, start_interval: 500ms}""", """{"Container":{"Healthcheck":{"Interval":"00:00:05","Retries":2,"StartInterval":"00:00:00.5000000","StartPeriod":"00:01:00","Test":["CMD-SHELL","curl -f localhost"],"Timeout":"00:00:01"}}}""" },
            { """healthcheck: {test: [CMD, pg_isready, -q]}""", """{"Container":{"Healthcheck":{"Test":["CMD","pg_isready","-q"]}}}""" },
            { """healthcheck: {test: [CMD-SHELL, "a || b"]}""", """{"Container":{"Healthcheck":{"Test":["CMD-SHELL","a || b"]}}}""" },
            { """healthcheck: {test: [NONE]}""", """{"Container":{"Healthcheck":{"Test":["NONE"]}}}""" },
            { """healthcheck: {disable: true}""", """{"Container":{"Healthcheck":{"Test":["NONE"]}}}""" },
            { """healthcheck: {interval: 5s}""", """{"Container":{"Healthcheck":{"Interval":"00:00:05"}}}""" },
            { """ports: [80]""", """{"Container":{"Ports":[{"Target":80}]}}""" },
            { """ports: ["80/udp"]""", """{"Container":{"Ports":[{"Protocol":"udp","Target":80}]}}""" },
            { """ports: ["8080:80"]""", """{"Traffic":{"Ports":[{"Published":8080,"Target":80}]}}""" },
            { """ports: ["127.0.0.1:8080:80"]""", """{"Traffic":{"Ports":[{"HostIp":"127.0.0.1","Published":8080,"Target":80}]}}""" },
            { """ports: ["127.0.0.1::80"]""", """{"Container":{"Ports":[{"HostIp":"127.0.0.1","Target":80}]}}""" },
            { """ports: ["[::1]:8080:80"]""", """{"Traffic":{"Ports":[{"HostIp":"::1","Published":8080,"Target":80}]}}""" },
            { """ports: ["8000-8001:80-81"]""", """{"Traffic":{"Ports":[{"Published":8000,"Target":80},{"Published":8001,"Target":81}]}}""" },
            { """ports: ["9000-9001"]""", """{"Container":{"Ports":[{"Target":9000},{"Target":9001}]}}""" },
            { """ports: ["0:80"]""", """{"Container":{"Ports":[{"Target":80}]}}""" },
            { """ports: ["80:80", "80:80"]""", """{"Traffic":{"Ports":[{"Published":80,"Target":80}]}}""" },
            { """ports: [{target: 80}, {target: 81, published: "8081", host_ip: 10.0.0.1, protocol: udp, mode: host, name: web, app_protocol: http}]""", """{"Container":{"Ports":[{"Target":80},{"HostIp":"10.0.0.1","Mode":"Host","Protocol":"udp","Published":8081,"Target":81}]}}""" },
            { """expose: [80, "81/udp", "90-91", "80/tcp"]""", """{"Container":{"Expose":["80/tcp","81/udp","90/tcp","91/tcp"]}}""" },
            { """volumes: [/data]""", """{"Container":{"Mounts":[{"Kind":"Volume","Target":"/data"}]}}""" },
            { """volumes: ["data:/data"]""", """{"Container":{"Mounts":[{"EngineName":"shop_data","Kind":"Volume","Source":"data","Target":"/data"}]}}""" },
            { """volumes: ["data:/data/:ro,nocopy"]""", """{"Container":{"Mounts":[{"EngineName":"shop_data","Kind":"Volume","NoCopy":true,"ReadOnly":true,"Source":"data","Target":"/data"}]}}""" },
            { """volumes: ["./www:/www", "../up:/up:ro", "~/h:/h", "/etc/x:/x:rw,rslave", "~:/home"]""", """{"Container":{"Mounts":[{"CreateHostPath":true,"Source":"/home/ada/shop/www","Target":"/www"},{"CreateHostPath":true,"ReadOnly":true,"Source":"/home/ada/up","Target":"/up"},{"CreateHostPath":true,"Source":"/home/ada/h","Target":"/h"},{"CreateHostPath":true,"Propagation":"rslave","Source":"/etc/x","Target":"/x"},{"CreateHostPath":true,"Source":"/home/ada","Target":"/home"}]}}""" },
            { """volumes: [{type: bind, source: ./www, target: /www, read_only: true}]""", """{"Container":{"Mounts":[{"ReadOnly":true,"Source":"/home/ada/shop/www","Target":"/www"}]}}""" },
            { """volumes: [{type: bind, source: /www, target: /www, bind: {propagation: shared}}]""", """{"Container":{"Mounts":[{"CreateHostPath":true,"Propagation":"shared","Source":"/www","Target":"/www"}]}}""" },
            { """volumes: [{type: bind, source: /www, target: /www, bind: {create_host_path: false}, consistency: cached}]""", """{"Container":{"Mounts":[{"Source":"/www","Target":"/www"}]}}""" },
            { """volumes: [{type: volume, source: data, target: /data, volume: {nocopy: true}}, {type: volume, target: /anon}]""", """{"Container":{"Mounts":[{"EngineName":"shop_data","Kind":"Volume","NoCopy":true,"Source":"data","Target":"/data"},{"Kind":"Volume","Target":"/anon"}]}}""" },
            { """volumes: [{type: tmpfs, target: /run, tmpfs: {size: 64m, mode: 1777}}]""", """{"Container":{"Mounts":[{"Kind":"Tmpfs","Target":"/run","TmpfsMode":1023,"TmpfsSizeBytes":67108864}]}}""" },
            { """tmpfs: /run""", """{"Container":{"Tmpfs":["/run"]}}""" },
            { """tmpfs: ["/run:size=64m,mode=755", /tmp]""", """{"Container":{"Tmpfs":["/run:size=64m,mode=755","/tmp"]}}""" },
            { """networks: [front]""", """{"Container":{"Networks":[{"EngineName":"shop_front","Network":"front"}]}}""" },
            { """networks: {front: , back: {aliases: [a, b], ipv4_address: 10.9.0.5, ipv6_address: "fd00::5", priority: 10}}""", """{"Container":{"Networks":[{"Aliases":["a","b"],"EngineName":"shop_back","Ipv4Address":"10.9.0.5","Ipv6Address":"fd00::5","Network":"back","Priority":10},{"EngineName":"shop_front","Network":"front"}]}}""" },
            { """networks: []""", """{}""" },
            { """network_mode: host""", """{"Container":{"NetworkMode":"host"}}""" },
            { """network_mode: none""", """{"Container":{"NetworkMode":"none"}}""" },
            { """network_mode: bridge""", """{"Container":{"NetworkMode":"bridge"}}""" },
            { """extra_hosts: ["a:10.0.0.1", "b=::1", "c=[::2]", "d:host-gateway"]""", """{"Container":{"ExtraHosts":["a:10.0.0.1","b:::1","c:::2","d:host-gateway"]}}""" },
            { """extra_hosts: {a: 10.0.0.1, b: [10.0.0.2, 10.0.0.3]}""", """{"Container":{"ExtraHosts":["a:10.0.0.1","b:10.0.0.2","b:10.0.0.3"]}}""" },
            { """dns: 10.0.0.1""", """{"Container":{"Dns":["10.0.0.1"]}}""" },
            { """dns: [10.0.0.1, 10.0.0.2]""", """{"Container":{"Dns":["10.0.0.1","10.0.0.2"]}}""" },
            { """dns_search: a.test""", """{"Container":{"DnsSearch":["a.test"]}}""" },
            { """dns_opt: [ndots:1]""", """{"Container":{"DnsOptions":["ndots:1"]}}""" },
            { """cap_add: [NET_ADMIN]""", """{"Container":{"CapAdd":["NET_ADMIN"]}}""" },
            { """cap_drop: [ALL]""", """{"Container":{"CapDrop":["ALL"]}}""" },
            { """group_add: [1000, video]""", """{"Container":{"GroupAdd":["1000","video"]}}""" },
            { """security_opt: [no-new-privileges:true, "seccomp:unconfined", "seccomp=profile.json"]""", """{"Container":{"SecurityOptions":["no-new-privileges:true","seccomp=unconfined","seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]}}""" },
            { """sysctls: {net.core.somaxconn: 1024}""", """{"Container":{"Sysctls":{"net.core.somaxconn":"1024"}}}""" },
            { """sysctls: [net.core.somaxconn=1024]""", """{"Container":{"Sysctls":{"net.core.somaxconn":"1024"}}}""" },
            { """ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5, core: -1}""", """{"Container":{"Ulimits":{"core":{"Hard":-1,"Soft":-1},"nofile":{"Hard":20,"Soft":10},"nproc":{"Hard":5,"Soft":5}}}}""" },
            { """shm_size: 64m""", """{"Container":{"ShmSizeBytes":67108864}}""" },
            { """logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}""", """{"Container":{"Logging":{"Driver":"json-file","Options":{"max-file":"3","max-size":"10m"}}}}""" },
            { """logging: {options: {max-size: 10m}}""", """{"Container":{"Logging":{"Options":{"max-size":"10m"}}}}""" },
            { """restart: "no" """, """{"Container":{"Restart":{"Condition":"None"}}}""" },
            { """restart: no""", """{"Container":{"Restart":{"Condition":"None"}}}""" },
            { """restart: always""", """{"Container":{"Restart":{"Condition":"Always"}}}""" },
            { """restart: unless-stopped""", """{}""" },
            { """restart: on-failure""", """{"Container":{"Restart":{"Condition":"OnFailure"}}}""" },
            { """restart: on-failure:3""", """{"Container":{"Restart":{"Condition":"OnFailure","MaxAttempts":3}}}""" },
            { """depends_on: [db]""", """{"DependsOn":[{"Service":"db"}]}""" },
            { """depends_on: {db: {condition: service_completed_successfully, required: false}}""", """{"DependsOn":[{"Condition":"Completed","Required":false,"Service":"db"}]}""" },
            { """depends_on: {db: {}}""", """{"DependsOn":[{"Service":"db"}]}""" },
            { """pull_policy: always""", """{"PullPolicy":"Always"}""" },
            { """pull_policy: if_not_present""", """{"PullPolicy":"Missing"}""" },
            { """pull_policy: missing""", """{"PullPolicy":"Missing"}""" },
            { """pull_policy: never""", """{"PullPolicy":"Never"}""" },
            { """scale: 3""", """{"Deploy":{"Replicas":3}}""" },
            { """scale: 0""", """{"Deploy":{"Replicas":0}}""" },
            { """mem_limit: 64m""", """{"Container":{"Resources":{"MemoryLimitBytes":67108864}}}""" },
            { """mem_limit: 1048576""", """{"Container":{"Resources":{"MemoryLimitBytes":1048576}}}""" },
            { """mem_reservation: 1.5g""", """{"Container":{"Resources":{"MemoryReservationBytes":1610612736}}}""" },
            { """cpus: 0.50""", """{"Container":{"Resources":{"CpuLimit":0.5}}}""" },
            { """cpus: "2" """, """{"Container":{"Resources":{"CpuLimit":2}}}""" },
            { """pids_limit: -1""", """{"Container":{"Resources":{"PidsLimit":-1}}}""" },
            { """env_file: a.env""", """{"Container":{"Environment":{"A":"1","B":"1-2"}}}""" },
            { """env_file: [a.env, {path: b.env, format: raw}, {path: none.env, required: false}]""", """{"Container":{"Environment":{"A":"1","B":"\"raw\"","HOME":"/home/ada"}}}""" },
            { """label_file: labels""", """{"Container":{"Labels":{"l":"1"}}}""" },
            { """deploy:""", """{}""" },
            { """deploy: {mode: global}""", """{"Deploy":{"Mode":"Global"}}""" },
            { """deploy: {mode: replicated, replicas: 5}""", """{"Deploy":{"Replicas":5}}""" },
            { """deploy: {replicas: 0}""", """{"Deploy":{"Replicas":0}}""" },
            { """deploy: {labels: {a: b}}""", """{"Deploy":{"Labels":{"a":"b"}}}""" },
            { """deploy: {update_config: {parallelism: 0, delay: 5s, failure_action: continue, monitor: 1m, max_failure_ratio: 0.25, order: start-first}}""", """{"Deploy":{"Update":{"Delay":"00:00:05","FailureAction":"Continue","MaxFailureRatio":0.25,"Monitor":"00:01:00","Order":"StartFirst","Parallelism":0}}}""" },
            { """deploy: {rollback_config: {parallelism: 2, failure_action: continue}}""", """{"Deploy":{"Rollback":{"FailureAction":"Continue","Parallelism":2}}}""" },
            { """deploy: {resources: {limits: {cpus: "1.5", memory: 1g, pids: 100}, reservations: {cpus: 0.25, memory: 512M}}}""", """{"Container":{"Resources":{"CpuLimit":1.5,"CpuReservation":0.25,"MemoryLimitBytes":1073741824,"MemoryReservationBytes":536870912,"PidsLimit":100}}}""" },
            { """deploy: {restart_policy: {condition: on-failure, delay: 1s, max_attempts: 3, window: 2m}}""", """{"Container":{"Restart":{"Condition":"OnFailure","Delay":"00:00:01","MaxAttempts":3,"Window":"00:02:00"}}}""" },
            { """deploy: {restart_policy: {condition: none}}""", """{"Container":{"Restart":{"Condition":"None"}}}""" },
            { """deploy: {placement: {constraints: [node.labels.zone==a, engine.labels.x != b], preferences: [{spread: node.labels.rack}], max_replicas_per_node: 2}}""", """{"Deploy":{"Placement":{"Constraints":[{"Key":"node.labels.zone","Equal":true,"Value":"a"},{"Key":"engine.labels.x","Equal":false,"Value":"b"}],"MaxReplicasPerHost":2,"SpreadBy":["node.labels.rack"]}}}""" },
            { """deploy: {endpoint_mode: dnsrr}""", """{}""" },
            { """x-orchestrator: {ready: {http: /health, port: 8080}}""", """{"Container":{"Ready":{"HttpPath":"/health","Port":8080}}}""" },
            { """x-orchestrator: {ready: {path: /health, port: 8080}}""", """{"Container":{"Ready":{"HttpPath":"/health","Port":8080}}}""" },
            { """x-orchestrator: {ready: {tcp: 5432}}""", """{"Container":{"Ready":{"Port":5432}}}""" },
            { """x-orchestrator: {progress_deadline: 90s, retain: 0, drain_timeout: 30s}""", """{"Deploy":{"DrainTimeout":"00:00:30","ProgressDeadline":"00:01:30","Retain":0}}""" },
            { """x-orchestrator: {route: {}}""", """{"Traffic":{"Routes":[{"Port":80}]}}""" },
            { """x-orchestrator: {route: {host: Shop.Example.com, path: /api/, port: 8080, strip: true, protocol: h2c, http_port: 8081}}""", """{"Traffic":{"Routes":[{"Host":"shop.example.com","HttpPort":8081,"Path":"/api","Port":8080,"Protocol":"H2c","Strip":true}]}}""" },
            { """x-orchestrator: {route: [{host: [a.b, "*.a.b"], port: 1}, {host: "a.*", protocol: https}, {host: "~^x[0-9]+[.]", protocol: tls, https_port: 8443}]}""", """{"Traffic":{"Routes":[{"Host":"a.b","Port":1},{"Host":"*.a.b","Port":1},{"Host":"a.*","Port":80,"Protocol":"Https"},{"Host":"~^x[0-9]+[.]","HttpsPort":8443,"Port":80,"Protocol":"Tls"}]}}""" },
            { """x-orchestrator: {route: {host: a}, balance: leastconn, sticky: true, max_connections: 100}""", """{"Traffic":{"Balance":"LeastConnections","MaxConnections":100,"Routes":[{"Host":"a","Port":80}],"Sticky":{"CookieName":"orchestrator","Kind":"Cookie"}}}""" },
            { """x-orchestrator: {route: {}, balance: roundrobin, sticky: false}""", """{"Traffic":{"Routes":[{"Port":80}]}}""" },
            { """x-orchestrator: {route: {}, sticky: source}""", """{"Traffic":{"Routes":[{"Port":80}],"Sticky":{"CookieName":"orchestrator","Kind":"Source"}}}""" },
            { """x-orchestrator: {route: {}, sticky: {cookie: SRV}}""", """{"Traffic":{"Routes":[{"Port":80}],"Sticky":{"CookieName":"SRV","Kind":"Cookie"}}}""" },
            { """x-orchestrator: {route: {}, timeouts: {connect: 2s, response: 3m, idle: 5s, tunnel: 2h, queue: 1s}}""", """{"Traffic":{"Routes":[{"Port":80}],"Timeouts":{"Connect":"00:00:02","Idle":"00:00:05","Queue":"00:00:01","Response":"00:03:00","Tunnel":"02:00:00"}}}""" },
            { """x-orchestrator: {route: {}, proxy_protocol: send}""", """{"Traffic":{"ProxyProtocol":{"Send":true},"Routes":[{"Port":80}]}}""" },
            { """x-orchestrator: {route: {}, proxy_protocol: {send: true, accept: false}}""", """{"Traffic":{"ProxyProtocol":{"Send":true},"Routes":[{"Port":80}]}}""" },
            { """x-orchestrator: {route: {}, proxy_protocol: both}""", """{"Traffic":{"ProxyProtocol":{"Accept":true,"Send":true},"Routes":[{"Port":80}]}}""" },
            { """x-orchestrator: {route: {}, slo: {error_rate: 0.01, p95: 300ms, window: 30s, requests: 50}}""", """{"Traffic":{"Routes":[{"Port":80}],"Slo":{"ErrorRate":0.01,"P95":"00:00:00.3000000","RequestsMin":50,"Window":"00:00:30"}}}""" },
            { """x-orchestrator: {route: {}, slo: {error_rate: 0.5%}}""", """{"Traffic":{"Routes":[{"Port":80}],"Slo":{"ErrorRate":0.005}}}""" },
            { """x-orchestrator: {route: {}, maintenance: {page: page.html, hold: 30s}}""", """{"Traffic":{"Maintenance":{"Hold":"00:00:30","Page":"<p>soon</p>"},"Routes":[{"Port":80}]}}""" },
            { """x-anything: {a: [1, {b: c}]}""", """{}""" },
        };

    [Theory]
    [MemberData(nameof(Keys))]
    public void Key_becomes_its_part_of_the_spec(string line, string expected)
    {
        var yaml = $$"""
            services:
              web:
                image: nginx
                {{line}}
              db: {image: postgres, networks: [front, back], volumes: ["data:/d"]}
            networks: {front: , back: }
            volumes: {data: }
            """;
        var stack = StackFiles.Good(new StackFiles()
            .With("stack.yaml", yaml)
            .With("a.env", "A=1\nB=$A-2\n")
            .With("b.env", "B=\"raw\"\nHOME\n")
            .With("page.html", "<p>soon</p>")
            .With("labels", "l=1\n")
            .With("profile.json", "{ \"defaultAction\": \"SCMP_ACT_ALLOW\" }")
            .Load());

        Assert.Equal(expected, NotDefault(stack));
    }

    [Fact]
    public void Every_supported_key_has_a_row()
    {
        var written = Keys.Select(row => (string)row[0]).ToList();

        Assert.Equal([], ServiceKeys.Table.Keys.Where(key => key != "image" && !written.Any(w => w.StartsWith(key + ":", StringComparison.Ordinal))));
        Assert.Equal([], DeployReader.Keys.Keys.Where(key => !written.Any(w => w.StartsWith("deploy: {" + key, StringComparison.Ordinal))));
        Assert.Equal([], ExtensionReader.Keys.Keys.Where(key => !written.Any(w => w.StartsWith("x-orchestrator:", StringComparison.Ordinal) && w.Contains(key, StringComparison.Ordinal))));
    }

    private static string NotDefault(StackSpec stack)
    {
        var node = (JsonObject)JsonSerializer.SerializeToNode(stack, SpecJson.Default.StackSpec)!;
        var web = (JsonObject)SpecShape.Stack.Canonical(node)["Services"]![0]!;
        web.Remove("Name");
        var container = (JsonObject)web["Container"]!;
        container.Remove("Image");
        if (container["Networks"] is JsonArray { Count: 1 } only && (string?)only[0]!["Network"] == "default")
            container.Remove("Networks");
        if (container.Count == 0)
            web.Remove("Container");
        return web.ToJsonString(Readable);
    }
}
