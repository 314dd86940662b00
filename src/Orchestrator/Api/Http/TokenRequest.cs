namespace Orchestrator.Api.Http;

/// <param name="Role">agent, operator or viewer.</param>
/// <param name="Uses">How many may join with it.</param>
internal sealed record TokenRequest(string Role, TimeSpan Lifetime, int Uses = 1);

/// <param name="Token">Secret: shown once, to the one who asked.</param>
internal sealed record TokenReply(string Token)
{
    public override string ToString() => nameof(TokenReply);
}
