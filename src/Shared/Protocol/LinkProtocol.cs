namespace Orchestrator.Protocol;

/// <summary>The numbers both ends of the coordinator's port agree on.</summary>
public static class LinkProtocol
{
    /// <summary>The oldest protocol of the agent link this build speaks.</summary>
    public const int VersionMin = 1;

    /// <summary>The newest. Both ends use the highest that both speak.</summary>
    public const int VersionMax = 1;

    /// <summary>Of the HTTPS API; raised when an old client would misunderstand an answer.</summary>
    public const int ApiVersion = 1;

    /// <summary>On each request and each answer: the sender's <see cref="ApiVersion"/>.</summary>
    public const string ApiVersionHeader = "Orchestrator-Api";

    public const int DefaultPort = 7443;

    public const string AuthorityPath = "/v1/ca";
    public const string JoinPath = "/v1/join";
    public const string RenewPath = "/v1/certificates/renew";
    public const string AgentPath = "/v1/agent";

    /// <summary>An inventory of some thousand replicas, or a replica with a megabyte of inline configs, is below it.</summary>
    public const int MessageBytesMax = 16 * 1024 * 1024;

    /// <summary>Join and renewal carry one certificate request each.</summary>
    public const int TrustMessageBytesMax = 64 * 1024;

    /// <summary>Null when the two ranges have no version in common.</summary>
    public static int? Agree(int otherMin, int otherMax)
    {
        var highest = Math.Min(VersionMax, otherMax);
        return highest >= Math.Max(VersionMin, otherMin) ? highest : null;
    }
}
