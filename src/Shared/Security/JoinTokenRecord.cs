namespace Orchestrator.Security;

/// <summary>What is kept of a token; the secret only as SHA-256, which is enough for 128 random bits.</summary>
public sealed record JoinTokenRecord
{
    public required string Id { get; init; }

    /// <summary>Base64 of SHA-256 of the secret's text.</summary>
    public required string SecretHash { get; init; }

    public required CertificateRole Role { get; init; }

    public required DateTimeOffset Created { get; init; }

    public required DateTimeOffset Expires { get; init; }

    public required int UsesLeft { get; init; }
}
