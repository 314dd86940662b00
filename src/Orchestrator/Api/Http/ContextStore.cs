using System.Collections.Immutable;
using System.Text.Json;
using Orchestrator.Security;

namespace Orchestrator.Api.Http;

/// <summary>The operator's contexts: <c>contexts/NAME/…</c> and the file <c>current</c> under one folder.</summary>
/// <remarks>Members throw <see cref="CoordinatorException"/>: Invalid for a damaged file or a bad name, NotFound for an unknown one.</remarks>
public sealed class ContextStore(string root, string? chosenByEnvironment = null)
{
    public const string EnvironmentVariable = "ORCHESTRATOR_CONTEXT";

    /// <summary>Where the files are, for messages.</summary>
    public string Root => root;

    /// <summary>The name of the context in use: the environment's, else that of <see cref="Use"/>; null when there is none, and the command line works embedded.</summary>
    public string? CurrentName
    {
        get
        {
            if (!string.IsNullOrWhiteSpace(chosenByEnvironment)) return chosenByEnvironment.Trim();
            if (!File.Exists(CurrentFile)) return null;
            var name = File.ReadAllText(CurrentFile).Trim();
            return name.Length == 0 ? null : name;
        }
    }

    private string CurrentFile => Path.Combine(root, "current");

    private string Contexts => Path.Combine(root, "contexts");

    /// <summary><c>$XDG_CONFIG_HOME/orchestrator</c>, else <c>~/.config/orchestrator</c>.</summary>
    public static ContextStore FromEnvironment(Func<string, string?> variable)
    {
        var config = variable("XDG_CONFIG_HOME");
        if (string.IsNullOrEmpty(config)) config = Path.Combine(variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
        return new ContextStore(Path.Combine(config, "orchestrator"), variable(EnvironmentVariable));
    }

    /// <summary>In code-point order.</summary>
    public ImmutableArray<OperatorContext> List()
    {
        if (!Directory.Exists(Contexts)) return [];
        return [.. Directory.GetDirectories(Contexts).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal).Where(IsComplete).Select(Get)];
    }

    /// <summary>Null when none is in use.</summary>
    public OperatorContext? Current() => CurrentName is { } name ? Get(name) : null;

    public OperatorContext Get(string name)
    {
        var folder = FolderOf(name);
        var file = Path.Combine(folder, "context.json");
        if (!File.Exists(file)) throw new CoordinatorException(CoordinatorErrorKind.NotFound, $"there is no context '{name}' in {Contexts}. 'orchestrator context ls' shows which there are.");
        try
        {
            var content = JsonSerializer.Deserialize(File.ReadAllText(file), HttpJson.Default.ContextFile);
            if (content is null || content.Servers.IsDefaultOrEmpty) throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{file} names no server. Join the fleet again with a new token.");
            return new OperatorContext(name, content.Servers, folder);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"{file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Makes it the one in use. Null: none, the command line works embedded.</summary>
    public void Use(string? name)
    {
        if (name is null)
        {
            File.Delete(CurrentFile);
            return;
        }

        _ = Get(name);
        PrivateFiles.Write(CurrentFile, name + "\n");
    }

    /// <summary>Writes or replaces a context. <paramref name="servers"/> empty: those that joining named.</summary>
    public OperatorContext Save(string name, Joined joined, ImmutableArray<Uri> servers = default)
    {
        var addresses = servers.IsDefaultOrEmpty ? [.. joined.Coordinators.Select(c => new Uri(c))] : servers;
        if (addresses.IsEmpty) throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"context '{name}' needs the address of a coordinator");
        var folder = FolderOf(name);
        PrivateFiles.CreateFolder(root);
        PrivateFiles.CreateFolder(Contexts);
        new CredentialFolder(folder, OperatorContext.CredentialName).Save(joined.AuthorityPem, joined.CertificatePem, joined.KeyPem);
        PrivateFiles.Write(Path.Combine(folder, "context.json"), JsonSerializer.Serialize(new ContextFile(addresses), HttpJson.Default.ContextFile));
        return new OperatorContext(name, addresses, folder);
    }

    /// <summary>Joins with a token for an operator or viewer and saves what that gives.</summary>
    /// <param name="user">The name in the certificate.</param>
    public async Task<OperatorContext> JoinAsync(string name, Uri coordinator, string token, string user, TimeProvider time, CancellationToken cancellation)
    {
        if (!JoinToken.TryParse(token, out var parsed, out var error)) throw new CoordinatorException(CoordinatorErrorKind.Invalid, error);
        try
        {
            var joined = await JoinClient.JoinAsync(coordinator, parsed, user, time, cancellation);
            if (joined.Identity.Role == CertificateRole.Agent) throw new CoordinatorException(CoordinatorErrorKind.Invalid, "this token is for an agent: use it with 'orchestrator-agent join', or make one for an operator");

            // The address that was dialled is known to work from here; the others serve when it does not.
            var others = joined.Coordinators.Select(c => new Uri(c)).Where(c => c != coordinator);
            return Save(name, joined, [coordinator, .. others]);
        }
        catch (TrustException e)
        {
            throw Problems.ToException(e);
        }
    }

    public void Remove(string name)
    {
        var context = Get(name);
        Directory.Delete(context.Folder, recursive: true);
        if (CurrentName == name) File.Delete(CurrentFile);
    }

    private bool IsComplete(string name) => File.Exists(Path.Combine(Contexts, name, "context.json"));

    private string FolderOf(string name) => CertificateIdentity.IsValidName(name)
        ? Path.Combine(Contexts, name)
        : throw new CoordinatorException(CoordinatorErrorKind.Invalid, $"'{name}' is no name for a context: use a-z, 0-9, '.', '-' and '_'");
}
