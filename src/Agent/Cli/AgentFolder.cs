using System.Text.Json;
using Orchestrator.Agent.Links;
using Orchestrator.Security;

namespace Orchestrator.Agent.Cli;

/// <summary>The agent's data folder: <c>agent.json</c>, certificate and key, and the lock that one running agent holds.</summary>
internal sealed class AgentFolder(string path)
{
    public const string Default = "/var/lib/orchestrator-agent";

    public string Path => path;

    public CredentialFolder Credential { get; } = new(path, AgentLink.CredentialName);

    public bool HasJoined => File.Exists(ConfigFile);

    private string ConfigFile => System.IO.Path.Combine(path, "agent.json");

    private string LockFile => System.IO.Path.Combine(path, "agent.lock");

    public AgentConfig Load()
    {
        if (!HasJoined) throw new TrustException(TrustErrorKind.Invalid, $"this host has not joined a fleet: {ConfigFile} is missing. Make a token on the coordinator (orchestrator token create --role agent), then: orchestrator-agent join URL --token TOKEN");
        try
        {
            var config = JsonSerializer.Deserialize(File.ReadAllText(ConfigFile), AgentJson.Default.AgentConfig);
            return config is null || config.Coordinators.IsDefaultOrEmpty
                ? throw new TrustException(TrustErrorKind.Invalid, $"{ConfigFile} names no coordinator. Join again: orchestrator-agent join --force")
                : config;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new TrustException(TrustErrorKind.Invalid, $"{ConfigFile} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The configuration last: a crash before it leaves a host that has not joined.</summary>
    public void Save(AgentConfig config, Joined joined)
    {
        Credential.Save(joined.AuthorityPem, joined.CertificatePem, joined.KeyPem);
        PrivateFiles.Write(ConfigFile, JsonSerializer.Serialize(config, AgentJson.Default.AgentConfig));
    }

    public void Delete()
    {
        File.Delete(ConfigFile);
        Credential.Delete();
    }

    /// <summary>Null when another process holds it. Held until disposed, and by the kernel not beyond the process.</summary>
    public FileStream? TryLock()
    {
        PrivateFiles.CreateFolder(path);
        try
        {
            return new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public FileStream Lock() => TryLock()
        ?? throw new TrustException(TrustErrorKind.Conflict, $"an agent is running on {path}: stop it first (systemctl stop orchestrator-agent)");
}
