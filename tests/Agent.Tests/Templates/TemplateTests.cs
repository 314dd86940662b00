using System.Collections.Immutable;
using Orchestrator.Agent.Templates.Language;

namespace Orchestrator.Agent.Tests.Templates;

/// <summary>The language. Expected texts are what Go's text/template with confd's functions writes.</summary>
public sealed class TemplateTests
{
    private static readonly ImmutableSortedDictionary<string, string> _keys = new Dictionary<string, string>
    {
        ["/web/upstreams/80/a@h1"] = "10.0.0.1:80",
        ["/web/upstreams/80/b@h2"] = "10.0.0.2:80",
        ["/web/maintenance"] = "false",
        ["/db/port"] = "5432",
        ["/db/options"] = """{"pool":{"size":8,"ratio":0.5},"hosts":["x","y"],"tls":true,"none":null,"big":1000000}""",
        ["/empty"] = "",
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    [Theory]
    [InlineData("plain } text {", "plain } text {")]
    [InlineData("a {{- 1 -}} b", "a1b")]
    [InlineData("a\n  {{- /* gone */ -}}\n  b", "ab")]
    [InlineData("a {{/* kept\nblanks */}} b", "a  b")]
    [InlineData("{{-3}}", "-3")]
    [InlineData("""{{"a\tb\"\\\x41\u00e9"}}""", "a\tb\"\\A\u00e9")]
    [InlineData("{{`raw \\n`}}", "raw \\n")]
    [InlineData("{{0x1F}} {{1_000}} {{1.5}} {{'a'}} {{true}}", "31 1000 1.5 97 true")]
    public void Text_and_literals(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{if true}}a{{else}}b{{end}}", "a")]
    [InlineData("{{if 0}}a{{else if \"\"}}b{{else if 1}}c{{else}}d{{end}}", "c")]
    [InlineData("{{with getv \"/db/port\"}}port {{.}}{{end}}", "port 5432")]
    [InlineData("{{with getv \"/empty\"}}x{{else}}none{{end}}", "none")]
    [InlineData("{{with $p := getv \"/db/port\"}}{{$p}}{{end}}", "5432")]
    [InlineData("{{range gets \"/web/upstreams/80/*\"}}{{base .Key}}={{.Value}};{{end}}", "a@h1=10.0.0.1:80;b@h2=10.0.0.2:80;")]
    [InlineData("{{range $i, $v := getvs \"/web/upstreams/*/*\"}}{{if $i}},{{end}}{{$i}}:{{$v}}{{end}}", "0:10.0.0.1:80,1:10.0.0.2:80")]
    [InlineData("{{range $v := ls \"/web\"}}{{$v}} {{end}}", "maintenance upstreams ")]
    [InlineData("{{range gets \"/none/*\"}}x{{else}}empty{{end}}", "empty")]
    [InlineData("{{range $k, $v := map \"b\" 2 \"a\" 1}}{{$k}}{{$v}}{{end}}", "a1b2")]
    [InlineData("{{range seq 1 9}}{{if eq . 3}}{{continue}}{{end}}{{if gt . 5}}{{break}}{{end}}{{.}}{{end}}", "1245")]
    [InlineData("{{range 3}}{{.}}{{end}}", "012")]
    [InlineData("{{$n := 0}}{{range seq 1 4}}{{$n = add $n .}}{{end}}{{$n}}", "10")]
    [InlineData("{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}", "21")]
    [InlineData("{{range seq 1 2}}{{range seq 1 2}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}};{{end}}", "1;1;")]
    public void Branches_ranges_and_variables(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{getv \"/db/port\" | printf \"%s!\"}}", "5432!")]
    [InlineData("{{\"a,b\" | split \",\" | len}}", "1")]
    [InlineData("{{(index (split \"a:b:c\" \":\") 1) | toUpper}}", "B")]
    [InlineData("{{add (mul 2 3) (sub 9 (div 9 2)) | mod 3}}", "3")]
    [InlineData("{{(get \"/db/port\").Value}}", "5432")]
    [InlineData("{{$o := json (getv \"/db/options\")}}{{$o.pool.size}} {{$o.big}} {{$o.pool.ratio}} {{index $o.hosts 1}} {{index $o \"tls\"}}", "8 1000000 0.5 y true")]
    [InlineData("{{if (json (getv \"/db/options\")).none}}x{{else}}y{{end}}", "y")]
    [InlineData("{{range jsonArray \"[1,{\\\"a\\\":2}]\"}}{{.}} {{end}}", "1 map[a:2] ")]
    public void Pipelines_and_fields(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{exists \"/db/port\"}} {{exists \"/db\"}}", "true false")]
    [InlineData("{{getv \"/nowhere\" \"x\"}}", "x")]
    [InlineData("{{ls \"/\"}} {{lsdir \"/\"}} {{ls \"/db/port\"}} {{lsdir \"/web/upstreams\"}}", "[db empty web] [db web] [port] [80]")]
    [InlineData("{{base \"/a/b\"}} {{dir \"/a/b\"}} {{dir \"/a\"}} {{base \"/\"}} {{dir \"a\"}}", "b /a / / .")]
    [InlineData("{{join (split \"a-b-c\" \"-\") \"+\"}}", "a+b+c")]
    [InlineData("{{toUpper \"aB\"}} {{toLower \"aB\"}} {{contains \"abc\" \"bc\"}} {{trimSuffix \"a.b\" \".b\"}}", "AB ab true a")]
    [InlineData("{{replace \"aaa\" \"a\" \"b\" 2}} {{replace \"aaa\" \"a\" \"b\" -1}}", "bba bbb")]
    [InlineData("{{parseBool \"T\"}} {{atoi \"-7\"}} {{base64Encode \"ab\"}} {{base64Decode \"YWI=\"}}", "true -7 YWI= ab")]
    [InlineData("{{reverse (split \"a,b\" \",\")}} {{sortByLength (split \"ccc,a,bb\" \",\")}}", "[b a] [a bb ccc]")]
    [InlineData("{{range reverse (sortKVByLength (gets \"/db/*\"))}}{{.Key}} {{end}}", "/db/options /db/port ")]
    [InlineData("{{getenv \"HOME_OF_TEST\"}} {{getenv \"UNSET\" \"d\"}} {{datetime}}", "here d 2026-01-02T03:04:05Z")]
    [InlineData("{{len \"é\"}} {{len (gets \"/web/*\")}}", "2 1")]
    [InlineData("{{fileExists \"/\"}} {{urlquery \"a b&c\"}}", "true a+b%26c")]
    public void Confds_functions(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("{{eq 1 2 1}} {{eq \"a\" \"b\"}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1.5 1}}", "true false true true true true true")]
    [InlineData("{{and 1 0 2}} {{and 1 2}} {{or 0 \"\" 3}} {{not 0}}", "0 2 3 true")]
    [InlineData("{{or true (getv \"/nowhere\")}} {{and false (getv \"/nowhere\")}}", "true false")]
    [InlineData("{{print 1 2 \"a\" 3}}{{println 1 \"a\"}}", "1 2a31 a\n")]
    [InlineData("{{printf \"%5d|%-5d|%05d|%x|%q|%v|%t|%.2f|%s|%%\" 42 42 -42 255 \"a\" 1 true 1.005 \"s\"}}", "   42|42   |-0042|ff|\"a\"|1|true|1.00|s|%")]
    [InlineData("{{printf \"%-6s|%6s|%.1s|%+d|%c|%o\" \"ab\" \"ab\" \"ab\" 1 65 8}}", "ab    |    ab|a|+1|A|10")]
    public void Gos_functions(string template, string expected) => Assert.Equal(expected, Render(template));

    [Theory]
    [InlineData("a\n  {{getvv \"/x\"}}", "t.tmpl:2:5: there is no function getvv")]
    [InlineData("{{GetV \"/x\"}}", "did you mean getv?")]
    [InlineData("{{getv \"/x\"}}", "t.tmpl:1:3: getv: there is no key /x; give a default, or ask with exists first")]
    [InlineData("{{lookupSRV \"a\"}}", "lookupSRV is not supported; endpoints come with their addresses")]
    [InlineData("{{define \"x\"}}{{end}}", "{{define}} is not supported")]
    [InlineData("{{template \"x\"}}", "{{template}} is not supported")]
    [InlineData("{{if true}}a", "t.tmpl:1:3: {{if}} is not ended; add {{end}}")]
    [InlineData("{{end}}", "{{end}} without an if, range or with")]
    [InlineData("{{$x}}", "there is no variable $x here")]
    [InlineData("{{if true}}{{$x := 1}}{{end}}{{$x}}", "t.tmpl:1:32: there is no variable $x here")]
    [InlineData("{{break}}", "{{break}} outside a range")]
    [InlineData("{{1 2}}", "only a function takes arguments")]
    [InlineData("{{getv}}", "getv wants 1 to 2 arguments and got 0")]
    [InlineData("{{eq 80 \"80\"}}", "atoi makes a number of a string")]
    [InlineData("{{printf \"%d\" \"80\"}}", "%d cannot take a string; atoi")]
    [InlineData("{{.Value}}", "nil has no field .Value")]
    [InlineData("{{(get \"/db/port\").Name}}", "no field .Name; it has .Key and .Value")]
    [InlineData("{{(json \"{}\").x}}", "there is no value to write")]
    [InlineData("{{\"a}}", "this string is not closed")]
    [InlineData("{{ 1", "t.tmpl:1:1: this action is not closed")]
    [InlineData("{{/* x", "this comment is not closed")]
    [InlineData("{{}}", "this action is empty")]
    [InlineData("{{div 1 0}}", "division by zero")]
    [InlineData("{{add 9223372036854775807 1}}", "beyond 64 bits")]
    [InlineData("{{index (seq 1 2) 2}}", "there is no 2 in a list of 2")]
    [InlineData("{{gets \"/[a\"}}", "has a [ without its ]")]
    [InlineData("{{range 9999999}}x{{end}}", "more than 2000000 steps")]
    [InlineData("{{seq 1 99999999}}", "more than 100000 numbers")]
    [InlineData("{{1 | 2}}", "what follows a | is a function")]
    public void What_is_wrong_is_said_with_its_place(string template, string expected) =>
        Assert.Contains(expected, Assert.Throws<TemplateException>(() => Render(template)).Message, StringComparison.Ordinal);

    [Fact]
    public void Depth_is_bounded()
    {
        var deep = string.Concat(Enumerable.Repeat("{{if 1}}", 5000));
        Assert.Contains("more than 100 levels", Assert.Throws<TemplateException>(() => Render(deep)).Message, StringComparison.Ordinal);
        Assert.Contains("more than 100 levels", Assert.Throws<TemplateException>(() => Render("{{" + new string('(', 5000) + "}}")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/*", "/a/b", true)]
    [InlineData("/a/*", "/a/b/c", false)]
    [InlineData("/a/*/c", "/a/b/c", true)]
    [InlineData("/a/b?", "/a/bc", true)]
    [InlineData("/a/b?", "/a/b/", false)]
    [InlineData("/[a-c]/[^x]", "/b/y", true)]
    [InlineData("/[a-c]/[^x]", "/b/x", false)]
    [InlineData(@"/\*", "/*", true)]
    [InlineData(@"/\*", "/a", false)]
    [InlineData("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData("", "", true)]
    public void Patterns_match_as_gos_path_does(string pattern, string text, bool expected) => Assert.Equal(expected, new Glob(pattern).Matches(text));

    [Fact]
    public void Prefix_and_keys_narrow_what_is_seen_by_whole_segments()
    {
        var store = KeyStore.Of(_keys, "/db", ["/port"]);
        Assert.Equal(["/port"], store.Keys.Keys);
        Assert.Empty(KeyStore.Of(_keys, "/d", ["/"]).Keys);
        Assert.Equal(4, KeyStore.Of(_keys, "", ["/web", "/empty"]).Keys.Count);
    }

    private static string Render(string template) => Template.Parse("t.tmpl", template).Render(
        new RenderContext(new KeyStore(_keys), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), name => name == "HOME_OF_TEST" ? "here" : null));
}
