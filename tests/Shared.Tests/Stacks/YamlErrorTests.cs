namespace Orchestrator.Tests.Stacks;

/// <summary>What is wrong with a file as YAML. Each row: a file, and exactly what is said about it.</summary>
public sealed class YamlErrorTests
{
    public static TheoryData<string, string, string> Cases =>
        new()
        {
            {
                "empty file",
                "",
                """
                stack.yaml:1:1: the file is empty; a stack needs at least `services:` with one service
                """
            },
            {
                "only comments",
                """
                # nothing
                """,
                """
                stack.yaml:1:1: the file is empty; a stack needs at least `services:` with one service
                """
            },
            {
                "top level a list",
                """
                - a
                - b
                """,
                """
                stack.yaml:1:1: the top level must be a mapping, but is a list; start the file with a key such as `services:`
                """
            },
            {
                "top level a text",
                """
                hello
                """,
                """
                stack.yaml:1:1: the top level must be a mapping, but is text; start the file with a key such as `services:`
                """
            },
            {
                "HTML page saved by mistake",
                """
                <!DOCTYPE html>
                <html></html>
                """,
                """
                stack.yaml:1:1: this is an HTML or XML page, not a stack file; a page was probably saved in place of the raw file; download the raw file again
                """
            },
            {
                "bracket not closed",
                """
                services:
                  web:
                    image: [a, b
                    ports: 1
                """,
                """
                stack.yaml:3:14: not valid YAML: the YAML is broken at or after this place: a bracket, brace or quote may not be closed
                """
            },
            {
                "quote not closed",
                """
                services:
                  web:
                    image: "nginx
                """,
                """
                stack.yaml:3:12: not valid YAML: While scanning a quoted scalar, found unexpected end of stream
                """
            },
            {
                "colon in a plain text",
                """
                services:
                  web:
                    image: nginx: latest
                """,
                """
                stack.yaml:3:17: not valid YAML: While scanning a plain scalar value, found invalid mapping
                """
            },
            {
                "duplicate key",
                """
                services:
                  web:
                    image: a
                    image: b
                """,
                """
                stack.yaml:4:5: services.web.image: the key image is here twice: it is already at stack.yaml:3:5; remove or rename one of them
                """
            },
            {
                "duplicate service",
                """
                services:
                  web: {image: a}
                  web: {image: b}
                """,
                """
                stack.yaml:3:3: services.web: the key web is here twice: it is already at stack.yaml:2:3; remove or rename one of them
                """
            },
            {
                "integer key",
                """
                services:
                  web:
                    image: a
                    environment:
                      1: x
                """,
                """
                stack.yaml:5:7: services.web.environment: a key must be text, but is the number 1; put it in quotes: "1"
                """
            },
            {
                "alias without anchor",
                """
                services:
                  web: *base
                """,
                """
                stack.yaml:2:8: the alias *base has no anchor &base before it
                """
            },
            {
                "alias inside its anchor",
                """
                services:
                  web: &a
                    image: x
                    labels: *a
                """,
                """
                stack.yaml:4:13: the alias *a stands inside its own anchor
                """
            },
            {
                "alias bomb",
                """
                x-a: &a [x,x,x,x,x,x,x,x,x,x]
                x-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
                x-c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]
                x-d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]
                x-e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]
                x-f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]
                services:
                  web: {image: a}
                """,
                """
                stack.yaml:6:13: the file holds more than 200000 values once its aliases are expanded
                """
            },
            {
                "bad merge key",
                """
                x: 1
                services:
                  web:
                    <<: 5
                    image: a
                """,
                """
                stack.yaml:1:1: x: `x` is not a known key; known keys: name, networks, services, version, volumes, x-orchestrator
                stack.yaml:4:9: services.web: `<<` takes a mapping or a list of mappings, but is the number 5; write `<<: *anchor`
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
