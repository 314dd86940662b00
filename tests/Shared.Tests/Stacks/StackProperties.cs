using FsCheck;
using FsCheck.Fluent;
using Orchestrator.Stacks;
using Orchestrator.Stacks.EnvFiles;
using Orchestrator.Stacks.Interpolation;
using Orchestrator.Stacks.Reading;

namespace Orchestrator.Tests.Stacks;

/// <summary>What holds for every input. A failure prints the input and the seed that makes it again.</summary>
public sealed class StackProperties
{
    private const string Sound = """
        name: p
        x-a: &a {logging: {driver: json-file, options: {max-size: 10m}}, environment: [A=1, B]}
        services:
          web:
            <<: *a
            image: "nginx:${TAG:-v1}"
            command: ["httpd", '-f']
            ports: ["8080:80", {target: 81, mode: host}]
            volumes: [data:/d, ./x:/x:ro, {type: tmpfs, target: /t, tmpfs: {size: 1m}}]
            networks: {front: {aliases: [w]}}
            depends_on: {db: {condition: service_started}}
            healthcheck: {test: curl -f x, interval: 5s}
            deploy: {replicas: 2, update_config: {parallelism: 1, order: start-first}, placement: {constraints: [node.role==x]}}
            x-orchestrator: {ready: {http: /, port: 80}}
          db:
            image: b
            env_file: a.env
            ulimits: {nofile: {soft: 1, hard: 2}}
            cpus: 0.5
        networks: {front: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}
        volumes: {data: }
        """;

    private static readonly string[] Pieces =
    [
        "$", "${", "}", "{", "[", "]", ":", "- ", "\n", "\n  ", "\t", "\"", "'", "&a ", "*a", "<<: ", "!reset ", "# ", "|", ">", "?", "%", "@", "---\n", "-1", "99999999999", "0", "null", "~", "\0", "é", ",", "\\",
    ];

    private static void Hold<T>(Gen<T> inputs, Func<T, bool> holds, int tests = 300) =>
        Prop.ForAll(inputs.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(tests));

    private static Gen<string> Of(string[] pieces) => Gen.Elements(pieces).ListOf().Select(string.Concat);

    [Fact]
    public void Interpolation_never_throws_and_says_what_is_wrong()
    {
        var texts = Of(["$", "{", "}", ":", "-", "?", "+", "A", "B", "_", "1", " ", "${", "$$", "é"]);

        Hold(
            texts,
            text =>
            {
                var interpolator = new Interpolator(name => name == "A" ? "x" : null);
                var result = interpolator.Expand(text);
                return (text.Contains('$') || result == text) && interpolator.Errors.Concat(interpolator.Warnings).All(i => i.Offset >= 0 && i.Offset < text.Length);
            },
            tests: 5000);
    }

    [Fact]
    public void Doubled_dollar_signs_give_the_text_back() =>
        Hold(Of([.. Pieces, "A"]), text => new Interpolator(_ => null).Expand(text.Replace("$", "$$", StringComparison.Ordinal)) == text, tests: 2000);

    [Fact]
    public void Env_file_reader_never_throws() =>
        Hold(
            Of([.. Pieces, "A", "=", "export ", " "]),
            text =>
            {
                EnvFile.Parse("f", text, _ => null, new Diagnostics());
                EnvFile.ParseRaw("f", text, _ => null, new Diagnostics());
                return true;
            },
            tests: 3000);

    [Fact]
    public void Mutated_file_is_read_or_refused_but_never_throws()
    {
        var mutation =
            from at in Gen.Choose(0, Sound.Length)
            from length in Gen.Choose(0, 12)
            from piece in Gen.Elements(Pieces)
            select (At: at, Length: length, Piece: piece);

        Hold(mutation.ListOf(), mutations => IsSound(mutations.Aggregate(Sound, (text, m) =>
        {
            var at = Math.Min(m.At, text.Length);
            return text.Remove(at, Math.Min(m.Length, text.Length - at)).Insert(at, m.Piece);
        })));
    }

    [Fact]
    public void Line_of_a_file_may_be_anywhere()
    {
        var lines = Sound.Split('\n');
        var moves =
            from line in Gen.Elements(lines)
            from at in Gen.Choose(0, lines.Length)
            select (Line: line, At: at);

        Hold(moves, move => IsSound(string.Join('\n', lines.Take(move.At).Append(move.Line).Concat(lines.Skip(move.At)))));
    }

    [Fact]
    public void Random_pieces_are_read_or_refused() => Hold(Of([.. Pieces, "services", "web", "image", ": "]), IsSound, tests: 2000);

    [Fact]
    public void Stack_survives_json() =>
        Hold(
            Gen.Choose(0, int.MaxValue),
            seed =>
            {
                var json = SpecJson.Write(RandomStacks.Of(seed));
                return SpecJson.Write(SpecJson.ReadStack(json)) == json
                    && SpecJson.Write(System.Text.Json.JsonSerializer.Deserialize(json, SpecJson.Default.StackSpec)!) == json;
            });

    [Fact]
    public void Hash_is_the_same_after_json() =>
        Hold(
            Gen.Choose(0, int.MaxValue),
            seed =>
            {
                var stack = RandomStacks.Of(seed);
                var again = SpecJson.ReadStack(SpecJson.Write(stack));
                return stack.Services.Select(s => ConfigHash.Of(stack, s, "i")).SequenceEqual(again.Services.Select(s => ConfigHash.Of(again, s, "i")));
            });

    /// <summary>Either a stack or errors, each with its file and a message, in the order of their places.</summary>
    private static bool IsSound(string yaml)
    {
        var result = new StackFiles().With("stack.yaml", yaml).With("a.env", "A=1\n").Load();
        var places = result.Errors.Where(e => e.File == "stack.yaml").Select(e => (e.Line, e.Column)).ToList();
        return (result.Stack is null) == (result.Errors.Length > 0)
            && result.Errors.All(e => e.File.Length > 0 && e.Message.Length > 0)
            && places.SequenceEqual(places.Order());
    }
}
