using System.Text.Json;
using Orchestrator.Protocol;

namespace Orchestrator.Api.Http;

/// <summary>The line that ends a stream whose answer had begun when the refusal came: <c>{"problem":{…}}</c>.</summary>
internal sealed record StreamFault(LinkProblem Problem)
{
    private static ReadOnlySpan<byte> Start => "{\"problem\":"u8;

    /// <summary>No event of a stream begins like this: theirs begin with their type, log lines with their service.</summary>
    public static bool IsFault(ReadOnlySpan<byte> line) => line.StartsWith(Start);

    public static LinkProblem Parse(ReadOnlySpan<byte> line) =>
        JsonSerializer.Deserialize(line, HttpJson.Default.StreamFault)?.Problem ?? throw new JsonException("an empty problem");
}
