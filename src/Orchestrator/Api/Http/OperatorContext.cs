using System.Collections.Immutable;

namespace Orchestrator.Api.Http;

/// <summary>A fleet that the command line can talk to, and as whom.</summary>
/// <param name="Folder">Holds <c>context.json</c>, <c>ca.crt</c>, <c>client.crt</c>, <c>client.key</c>.</param>
public sealed record OperatorContext(string Name, ImmutableArray<Uri> Servers, string Folder)
{
    internal const string CredentialName = "client";
}

/// <summary><c>context.json</c>.</summary>
internal sealed record ContextFile(ImmutableArray<Uri> Servers);
