namespace Orchestrator.Tests.Stacks;

/// <summary>What is wrong with a stack as a whole. Each row: a file, and exactly what is said about it.</summary>
public sealed class StackErrorTests
{
    public static TheoryData<string, string, string> Cases =>
        new()
        {
            {
                "services as a list",
                """
                services:
                  - web
                """,
                """
                stack.yaml:2:3: services: must be a mapping, but is a list; write `name:` lines in place of the `- ` items
                """
            },
            {
                "no services",
                """
                name: x
                """,
                """
                stack.yaml:1:1: there is no `services:`; add at least one service
                """
            },
            {
                "services empty",
                """
                services: {}
                """,
                """
                stack.yaml:1:11: services: `services` is empty; add at least one service
                """
            },
            {
                "services without value",
                """
                services:
                """,
                """
                stack.yaml:1:10: services: must be a mapping, but is empty; give it a value, or remove the key
                """
            },
            {
                "service without value",
                """
                services:
                  web:
                """,
                """
                stack.yaml:2:7: services.web: must be a mapping, but is empty; give it a value, or remove the key
                """
            },
            {
                "neither image nor build",
                """
                services:
                  web:
                    command: x
                """,
                """
                stack.yaml:3:5: services.web: the service has no image; add `image:`
                """
            },
            {
                "unknown top-level key",
                """
                service:
                  web: {image: a}
                services:
                  web: {image: a}
                """,
                """
                stack.yaml:1:1: service: `service` is not a known key; did you mean services?
                """
            },
            {
                "keys not supported yet",
                """
                secrets: {a: {file: b}}
                services:
                  web:
                    image: a
                    build: .
                    secrets: [a]
                """,
                """
                stack.yaml:1:1: secrets: `secrets` is not supported yet; remove it; docs/stack-file.md lists the supported keys
                stack.yaml:5:5: services.web.build: `build` is not supported yet; remove it; docs/stack-file.md lists the supported keys
                stack.yaml:6:5: services.web.secrets: `secrets` is not supported yet; remove it; docs/stack-file.md lists the supported keys
                """
            },
            {
                "required variable missing",
                """
                services:
                  web:
                    image: nginx:${TAG:?set the version}
                """,
                """
                stack.yaml:3:18: services.web.image: the variable TAG is required but not set: set the version; set TAG in the environment or in an env file
                """
            },
            {
                "bad interpolation",
                """
                services:
                  web:
                    image: nginx:${TAG
                    hostname: ${}
                    user: "${A!b}"
                    working_dir: '/x/${ y}'
                """,
                """
                stack.yaml:3:18: services.web.image: `${` has no closing brace; close it with `}`, or write `$$` for a dollar sign
                stack.yaml:4:15: services.web.hostname: `${}` is not a variable; the forms are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${NAME:+replacement}; write `$$` for a dollar sign
                stack.yaml:5:12: services.web.user: `${A!b}` is not a variable; the forms are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${NAME:+replacement}; write `$$` for a dollar sign
                stack.yaml:6:22: services.web.working_dir: `${ y}` is not a variable; the forms are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${NAME:+replacement}; write `$$` for a dollar sign
                """
            },
            {
                "undefined network",
                """
                services:
                  web:
                    image: a
                    networks: [frnt]
                networks:
                  front:
                  back:
                """,
                """
                stack.yaml:4:16: services.web.networks[0]: the network `frnt` is not declared; did you mean front?
                """
            },
            {
                "undefined network, none near",
                """
                services:
                  web:
                    image: a
                    networks:
                      other: {}
                """,
                """
                stack.yaml:5:14: services.web.networks.other: the network `other` is not declared; declared: default
                """
            },
            {
                "undefined volume",
                """
                services:
                  web:
                    image: a
                    volumes: [dta:/data]
                volumes:
                  data:
                """,
                """
                stack.yaml:4:15: services.web.volumes[0]: the volume `dta` is not declared; did you mean data?
                """
            },
            {
                "undefined volume, none declared",
                """
                services:
                  web:
                    image: a
                    volumes: ["data:/data"]
                """,
                """
                stack.yaml:4:15: services.web.volumes[0]: the volume `data` is not declared; declare it under the top level's `volumes:`, or write ./data for a folder
                """
            },
            {
                "depends_on an undefined service",
                """
                services:
                  web:
                    image: a
                    depends_on: [bd]
                  db: {image: b}
                """,
                """
                stack.yaml:4:18: services.web.depends_on[0]: the service `bd` is not defined; did you mean db?
                """
            },
            {
                "depends_on an undefined service, long form",
                """
                services:
                  web:
                    image: a
                    depends_on:
                      cache: {condition: service_started}
                  db: {image: b}
                """,
                """
                stack.yaml:5:7: services.web.depends_on.cache: the service `cache` is not defined; declared: db, web
                """
            },
            {
                "dependency cycle",
                """
                services:
                  c: {image: a, depends_on: [b]}
                  b: {image: a, depends_on: [a]}
                  a: {image: a, depends_on: [c]}
                """,
                """
                stack.yaml:4:30: services.a.depends_on[0]: services depend on each other in a circle: a -> c -> b -> a; remove one of these dependencies
                """
            },
            {
                "service depends on itself",
                """
                services:
                  a:
                    image: a
                    depends_on:
                      a: {condition: service_started}
                """,
                """
                stack.yaml:5:7: services.a.depends_on.a: services depend on each other in a circle: a -> a; remove one of these dependencies
                """
            },
            {
                "external with driver",
                """
                services:
                  web: {image: a, volumes: ["v:/v"]}
                volumes:
                  v:
                    external: true
                    driver: local
                """,
                """
                stack.yaml:6:5: volumes.v.driver: `driver` stands beside `external: true`, which says it is managed elsewhere; remove `driver` or `external`
                """
            },
            {
                "one port published by two services",
                """
                services:
                  a: {image: a, ports: ["80:80"]}
                  b: {image: a, ports: ["80:81"]}
                """,
                """
                stack.yaml:3:25: services.b.ports[0]: port 80/tcp is already published by a (at stack.yaml:2:25); publish it on another port
                """
            },
            {
                "env file missing",
                """
                services:
                  web:
                    image: a
                    env_file: missing.env
                """,
                """
                stack.yaml:4:15: services.web.env_file: the env file /home/ada/shop/missing.env does not exist; create it, or correct the path; relative paths start at /home/ada/shop
                """
            },
            {
                "env file with a space in a key, and an unterminated quote",
                """
                services:
                  web:
                    image: a
                    env_file: [bad.env]
                """,
                """
                /home/ada/shop/bad.env:1:1: the name holds a space; write NAME=value; a line without `=` takes the caller's value and is a name alone
                /home/ada/shop/bad.env:2:3: the quote " is not closed; close it, or escape a quote inside it with a backslash
                """
            },
            {
                "invalid project name",
                """
                name: My Shop
                services:
                  web: {image: a}
                """,
                """
                stack.yaml:1:7: name: the stack's name, `My Shop`, is not a valid name; a name starts with a letter or digit and holds lower-case letters, digits, `_` and `-`
                """
            },
            {
                "waiting for a disabled healthcheck",
                """
                services:
                  web:
                    image: a
                    depends_on: {db: {condition: service_healthy}}
                  db:
                    image: b
                    healthcheck: {disable: true, test: x}
                  other:
                    image: a
                    depends_on: {web: {condition: service_healthy}}
                """,
                """
                stack.yaml:4:18: services.web.depends_on.db: waits for db to be healthy, but its healthcheck is disabled; enable it, or wait for service_started
                stack.yaml:7:40: services.db.healthcheck.test: `test` stands beside `disable: true`; keep one of the two
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
