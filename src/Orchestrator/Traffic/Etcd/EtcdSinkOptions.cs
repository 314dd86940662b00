using System.Collections.Immutable;

namespace Orchestrator.Traffic.Etcd;

/// <summary>Where the fleet's traffic is written for others to watch.</summary>
public sealed record EtcdSinkOptions
{
    public const string DefaultPrefix = "/orchestrator";

    /// <summary>Asked in turn; one that answers is kept.</summary>
    public required ImmutableArray<Uri> Endpoints { get; init; }

    /// <summary>Before every key; begins with a slash and does not end with one.</summary>
    public string Prefix { get; init; } = DefaultPrefix;

    /// <summary>How long the keys outlive a coordinator that does not renew them; zero: for ever. Default 60 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Null: etcd asks for no login.</summary>
    public EtcdLogin? Login { get; init; }

    /// <summary>A file with the certificates that etcd's is checked against; null: the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>With <see cref="KeyFile"/>: our certificate for etcd.</summary>
    public string? CertificateFile { get; init; }

    public string? KeyFile { get; init; }

    /// <summary>For one answer of one endpoint. Default 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After the first failure; doubles up to <see cref="RetryMax"/>. Default 1 s.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Default 30 s.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Never printed with its password.</summary>
public sealed record EtcdLogin(string User, string Password)
{
    public override string ToString() => $"login of {User}";
}
