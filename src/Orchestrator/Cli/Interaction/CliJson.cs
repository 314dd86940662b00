using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Orchestrator.Cli.Interaction;

/// <summary>How <c>--json</c> is written: arrows and accents as they are, for it is read by people as well; control characters stay escaped.</summary>
internal static class CliJson
{
    public static JsonTypeInfo<T> Indented<T>(JsonTypeInfo<T> type) => With(type, indented: true);

    public static JsonTypeInfo<T> OneLine<T>(JsonTypeInfo<T> type) => With(type, indented: false);

    private static JsonTypeInfo<T> With<T>(JsonTypeInfo<T> type, bool indented)
    {
        var options = new JsonSerializerOptions(type.Options) { WriteIndented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        return (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
    }
}
