using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Api;

/// <summary>JSON whose bytes depend on the value alone: the names of every object in code-point order. A dictionary's order is its comparer's, which JSON does not carry.</summary>
internal static class CanonicalJson
{
    /// <summary>Indented, for files that people look at; ends with a line's end.</summary>
    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => [.. Write(JsonSerializer.SerializeToNode(value, type), isIndented: true), (byte)'\n'];

    /// <summary>SHA-256, lower-case hexadecimal.</summary>
    public static string Digest<T>(T value, JsonTypeInfo<T> type) => Convert.ToHexStringLower(SHA256.HashData(Write(JsonSerializer.SerializeToNode(value, type), isIndented: false)));

    public static string Text<T>(T value, JsonTypeInfo<T> type) => Encoding.UTF8.GetString(Write(JsonSerializer.SerializeToNode(value, type), isIndented: false));

    private static byte[] Write(JsonNode? node, bool isIndented)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = isIndented, NewLine = "\n" }))
        {
            Write(node, writer);
        }
        return bytes.ToArray();
    }

    private static void Write(JsonNode? node, Utf8JsonWriter writer)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject members:
                writer.WriteStartObject();
                foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(value, writer);
                }
                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    Write(item, writer);
                }
                writer.WriteEndArray();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
