using Orchestrator.Stacks;
using Orchestrator.Stacks.Reading;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Tests.Stacks;

public sealed class YamlTests
{
    [Theory]
    [InlineData("services:\n\tweb:\n", 2, 1)]
    [InlineData("services:\n  web:\n\timage: x\n", 3, 1)]
    [InlineData("services:\n  web:\n  \timage: x\n", 3, 3)]
    public void Tab_indentation_is_named_where_it_stands(string yaml, int line, int column)
    {
        var error = Assert.Single(StackFiles.Load(yaml).Errors);

        Assert.Equal("a tab is used for indentation, which YAML forbids", error.Message);
        Assert.Equal((line, column), (error.Line, error.Column));
    }

    [Fact]
    public void Tab_in_a_block_text_is_no_error()
    {
        var service = StackFiles.Service("command:", "  - |", "    a", "    \tb");

        Assert.Equal("a\n\tb\n", Assert.Single(service.Container.Command!.Value));
    }

    [Fact]
    public void Byte_order_mark_and_windows_line_ends_are_understood()
    {
        var stack = StackFiles.Good("\uFEFFservices:\r\n  web:\r\n    image: a\r\n");

        Assert.Equal("a", stack.Services[0].Container.Image);
    }

    [Fact]
    public void Merge_key_adds_what_the_mapping_does_not_say_and_earlier_mappings_win()
    {
        var stack = StackFiles.Good("""
            x-a: &a {hostname: a, user: a, working_dir: /a}
            x-b: &b {hostname: b, user: b, tty: true}
            services:
              web:
                image: nginx
                hostname: own
                <<: [*a, *b]
            """);

        var container = stack.Services[0].Container;
        Assert.Equal(("own", "a", "/a", true), (container.Hostname, container.User, container.WorkingDir, container.Tty));
    }

    [Fact]
    public void Error_behind_an_alias_is_said_once_at_the_anchor()
    {
        var errors = StackFiles.Errors("""
            x-env: &env {tty: maybe}
            services:
              a: {image: a, <<: *env}
              b: {image: b, <<: *env}
            """);

        Assert.Equal(["stack.yaml:1:19: services.a.tty: must be true or false, but is `maybe`"], errors);
    }

    [Fact]
    public void Long_chain_of_aliases_is_refused()
    {
        var yaml = "x-0: &a0 {k: v}\n" + string.Concat(Enumerable.Range(1, 5000).Select(i => $"x-{i}: &a{i} {{k: *a{i - 1}}}\n"));

        var error = Assert.Single(StackFiles.Load(yaml).Errors);

        Assert.Equal("values are nested more than 64 deep", error.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        var error = Assert.Single(StackFiles.Load("services: " + new string('[', 100_000)).Errors);

        Assert.Equal("values are nested more than 64 deep", error.Message);
    }

    [Theory]
    [InlineData("", "Null")]
    [InlineData("~", "Null")]
    [InlineData("null", "Null")]
    [InlineData("true", "Boolean")]
    [InlineData("False", "Boolean")]
    [InlineData("yes", "Text")]
    [InlineData("on", "Text")]
    [InlineData("12", "Integer")]
    [InlineData("-0x1F", "Integer")]
    [InlineData("0o17", "Integer")]
    [InlineData("1.5", "Float")]
    [InlineData("1e3", "Float")]
    [InlineData(".inf", "Float")]
    [InlineData("1.2.3", "Text")]
    [InlineData("22:22", "Text")]
    [InlineData("1m", "Text")]
    public void Plain_text_is_what_yaml_1_2_takes_it_for(string text, string kind) =>
        Assert.Equal(kind, ScalarKinds.OfPlain(text).ToString());

    [Fact]
    public void Quoted_and_tagged_texts_stay_text()
    {
        var map = Assert.Single(YamlFile.Read("f", "a: '1'\nb: \"true\"\nc: !!str 5\nd: |\n  7\n", new Diagnostics()));

        Assert.All(map.Entries, e => Assert.Equal(ScalarKind.Text, ((Node.Scalar)e.Value).Kind));
    }

    [Fact]
    public void Unknown_tag_is_an_error() =>
        Assert.Equal(
            ["stack.yaml:3:12: services.web.image: the tag !secret is not known; remove it; only `!reset` and `!override` have a meaning here"],
            StackFiles.Errors("services:\n  web:\n    image: !secret a\n"));

    [Fact]
    public void Endless_key_is_an_error() =>
        Assert.Equal("a key is longer than 512 characters", Assert.Single(StackFiles.Load(StackFiles.Yaml($"environment: {{\"{new string('k', 600)}\": x}}")).Errors).Message);

    [Fact]
    public void Nul_character_is_not_text() =>
        Assert.StartsWith("stack.yaml:1:1: this is not a text file", Assert.Single(StackFiles.Errors("services:\0")), StringComparison.Ordinal);

    [Fact]
    public void Errors_come_in_the_order_of_the_file()
    {
        var errors = StackFiles.Load("""
            networks: {n: {driver: 5}}
            services:
              b: {image: 1}
              a: {image: 2, depends_on: [b, zz]}
            volumes: {v: {drivr: x}}
            """).Errors;

        Assert.Equal([(1, 24), (3, 14), (4, 14), (4, 33), (5, 15)], errors.Select(e => (e.Line, e.Column)));
    }
}
