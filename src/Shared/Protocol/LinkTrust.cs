using System.Collections.Immutable;

namespace Orchestrator.Protocol;

/// <summary>Body of <see cref="LinkProtocol.JoinPath"/>. Sent only to a coordinator whose authority has the digest in the token.</summary>
public sealed record JoinRequest
{
    public required string TokenId { get; init; }

    /// <summary>Secret.</summary>
    public required string Secret { get; init; }

    /// <summary>Of the host or the operator; lower case.</summary>
    public required string Name { get; init; }

    /// <summary>PKCS#10 as PEM.</summary>
    public required string CertificateRequest { get; init; }

    /// <summary>Without the secret: a record prints its members unless it is told not to.</summary>
    public override string ToString() => $"join of {Name} with token {TokenId}";
}

/// <summary>Answer of <see cref="LinkProtocol.JoinPath"/> and <see cref="LinkProtocol.RenewPath"/>.</summary>
public sealed record CertificateReply
{
    /// <summary>PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>Where coordinators can be reached: <c>https://host:port</c>.</summary>
    public ImmutableArray<string> Coordinators { get; init; } = [];
}

/// <summary>Body of <see cref="LinkProtocol.RenewPath"/>: name and role are those of the certificate the connection shows.</summary>
public sealed record RenewRequest
{
    /// <summary>PKCS#10 as PEM.</summary>
    public required string CertificateRequest { get; init; }
}
