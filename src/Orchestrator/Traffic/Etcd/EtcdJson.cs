using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orchestrator.Traffic.Etcd;

/// <summary>etcd's HTTP gateway, <c>/v3</c>, of etcd 3.4 and later: keys and values in base64, 64-bit numbers as strings.</summary>
internal static class EtcdJson
{
    public sealed record GrantRequest([property: JsonPropertyName("TTL")] long Ttl);

    public sealed record GrantResponse([property: JsonPropertyName("ID")] long Id);

    public sealed record RenewRequest([property: JsonPropertyName("ID")] long Id);

    public sealed record RenewResponse(RenewResult? Result, Failure? Error);

    /// <param name="Ttl">Absent for a lease that does not exist.</param>
    public sealed record RenewResult([property: JsonPropertyName("TTL")] long Ttl);

    public sealed record RangeRequest(byte[] Key, [property: JsonPropertyName("range_end")] byte[] RangeEnd);

    public sealed record RangeResponse(ImmutableArray<KeyValue>? Kvs);

    public sealed record KeyValue(byte[] Key, byte[]? Value, long Lease);

    public sealed record TransactionRequest(ImmutableArray<Operation> Success);

    public sealed record Operation([property: JsonPropertyName("request_put")] PutRequest? Put, [property: JsonPropertyName("request_delete_range")] DeleteRequest? Delete);

    public sealed record PutRequest(byte[] Key, byte[] Value, long Lease);

    public sealed record DeleteRequest(byte[] Key, [property: JsonPropertyName("range_end")] byte[]? RangeEnd);

    public sealed record LoginRequest(string Name, string Password);

    public sealed record LoginResponse(string Token);

    public sealed record Failure(string? Message, [property: JsonPropertyName("error")] string? Error, int Code);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EtcdJson.GrantRequest))]
[JsonSerializable(typeof(EtcdJson.GrantResponse))]
[JsonSerializable(typeof(EtcdJson.RenewRequest))]
[JsonSerializable(typeof(EtcdJson.RenewResponse))]
[JsonSerializable(typeof(EtcdJson.RangeRequest))]
[JsonSerializable(typeof(EtcdJson.RangeResponse))]
[JsonSerializable(typeof(EtcdJson.TransactionRequest))]
[JsonSerializable(typeof(EtcdJson.LoginRequest))]
[JsonSerializable(typeof(EtcdJson.LoginResponse))]
[JsonSerializable(typeof(EtcdJson.Failure))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class EtcdJsonContext : JsonSerializerContext;
