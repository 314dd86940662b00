using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Orchestrator.Cli.Connections;

/// <summary>A line of <c>context ls</c>; the names are those of <c>context ls --json</c>.</summary>
/// <param name="Addresses">Of the coordinators; empty for the local engine.</param>
/// <param name="Role">What the certificate allows; null for the local engine.</param>
internal sealed record ContextView(string Name, bool Current, ImmutableArray<string> Addresses, string? Role);

/// <param name="Client">The version of this program.</param>
/// <param name="Coordinator">Null when it does not answer, or when the local engine is used.</param>
internal sealed record VersionView(string Client, string Context, Api.CoordinatorVersion? Coordinator);

internal sealed record TokenView(string Token, string Role, TimeSpan Lifetime);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ImmutableArray<ContextView>))]
[JsonSerializable(typeof(ContextView))]
[JsonSerializable(typeof(VersionView))]
[JsonSerializable(typeof(TokenView))]
internal sealed partial class CliViewJson : JsonSerializerContext;
