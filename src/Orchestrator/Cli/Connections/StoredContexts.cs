using System.Collections.Immutable;
using Orchestrator.Api.Http;
using Orchestrator.Security;

namespace Orchestrator.Cli.Connections;

/// <summary>Contexts in the user's configuration folder.</summary>
internal sealed class StoredContexts(ContextStore store, TimeProvider time) : IContexts
{
    public string? Current => store.CurrentName is { } name && !CoordinatorChoice.LocalNames.Contains(name) ? name : null;

    public ImmutableArray<ContextView> List()
    {
        var current = Current;
        return [.. store.List().Select(c => View(c, current))];
    }

    public void Use(string? name) => store.Use(name);

    public void Remove(string name) => store.Remove(name);

    public async Task<ContextView> JoinAsync(string name, Uri coordinator, string token, string user, CancellationToken cancellation) =>
        View(await store.JoinAsync(name, coordinator, token, user, time, cancellation).ConfigureAwait(false), Current);

    private static ContextView View(OperatorContext context, string? current) =>
        new(context.Name, context.Name == current, [.. context.Servers.Select(s => s.GetLeftPart(UriPartial.Authority))], Role(context));

    /// <summary>Null when the certificate cannot be read: the list of contexts is where one looks for that.</summary>
    private static string? Role(OperatorContext context)
    {
        try
        {
            using var credential = new CredentialFolder(context.Folder, OperatorContext.CredentialName).Load();
            return CertificateIdentity.RoleWord(credential.Identity.Role);
        }
        catch (TrustException)
        {
            return null;
        }
    }
}
