using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Orchestrator.Traffic;

namespace Orchestrator.Protocol;

/// <summary>For what goes to every host as it is: its text is made once for each object.</summary>
internal abstract class SharedTextConverter<T> : JsonConverter<T>
{
    private readonly ConditionalWeakTable<object, byte[]> texts = [];

    protected abstract JsonTypeInfo<T> Shape { get; }

    public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonSerializer.Deserialize(ref reader, Shape);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteRawValue(texts.GetValue(IdentityOf(value), _ => JsonSerializer.SerializeToUtf8Bytes(value, Shape)), skipInputValidation: true);

    protected abstract object IdentityOf(T value);
}

internal sealed class TrafficTableConverter : SharedTextConverter<TrafficTable>
{
    protected override JsonTypeInfo<TrafficTable> Shape => ProtocolJson.Default.TrafficTable;

    protected override object IdentityOf(TrafficTable value) => value;
}

internal sealed class TableChangeConverter : SharedTextConverter<TableChange>
{
    protected override JsonTypeInfo<TableChange> Shape => ProtocolJson.Default.TableChange;

    protected override object IdentityOf(TableChange value) => value;
}

internal sealed class OverlayPeersConverter : SharedTextConverter<ImmutableArray<OverlayPeer>>
{
    protected override JsonTypeInfo<ImmutableArray<OverlayPeer>> Shape => ProtocolJson.Default.ImmutableArrayOverlayPeer;

    protected override object IdentityOf(ImmutableArray<OverlayPeer> value) => ImmutableCollectionsMarshal.AsArray(value) ?? [];
}
