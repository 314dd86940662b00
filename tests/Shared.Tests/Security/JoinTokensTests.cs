using System.Collections.Immutable;
using Orchestrator.Security;

namespace Orchestrator.Shared.Tests.Security;

public sealed class JoinTokensTests
{
    private static readonly string Digest = DigestOfAnAuthority();
    private readonly VirtualTimeProvider _time = new();
    private readonly MemoryStore _store = new();

    private JoinTokens Tokens => new(_store, Digest, _time);

    [Fact]
    public void Token_survives_being_written_and_read()
    {
        var token = Tokens.Create(CertificateRole.Agent, TimeSpan.FromHours(1));

        Assert.True(JoinToken.TryParse($" {token.Reveal()}\n", out var parsed, out _));
        Assert.Equal((token.AuthorityDigest, token.Id, token.Secret), (parsed.AuthorityDigest, parsed.Id, parsed.Secret));
        Assert.StartsWith("orc1.", token.Reveal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("orc2.a.b.c")]
    [InlineData("orc1.a.b")]
    [InlineData("orc1.a.12345678.c")]
    [InlineData("orc1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.12345678.short")]
    public void Text_that_is_no_token_is_refused_without_repeating_it(string text)
    {
        Assert.False(JoinToken.TryParse(text, out _, out var error));
        if (text.Length > 0) Assert.DoesNotContain(text, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_holds_no_secret_and_neither_does_a_tokens_text()
    {
        var token = Tokens.Create(CertificateRole.Operator, TimeSpan.FromHours(1));

        Assert.DoesNotContain(token.Secret, Assert.Single(_store.Records).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, token.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Token_serves_as_often_as_stated()
    {
        var token = Tokens.Create(CertificateRole.Viewer, TimeSpan.FromHours(1), uses: 2);

        Assert.Equal(CertificateRole.Viewer, Tokens.Redeem(token.Id, token.Secret));
        Assert.Equal(CertificateRole.Viewer, Tokens.Redeem(token.Id, token.Secret));
        Assert.Throws<TrustException>(() => Tokens.Redeem(token.Id, token.Secret));
    }

    [Fact]
    public void Wrong_secret_and_unknown_id_are_answered_alike_and_use_nothing_up()
    {
        var token = Tokens.Create(CertificateRole.Agent, TimeSpan.FromHours(1));

        var wrong = Assert.Throws<TrustException>(() => Tokens.Redeem(token.Id, "wrong"));
        var unknown = Assert.Throws<TrustException>(() => Tokens.Redeem("00000000", token.Secret));

        Assert.Equal(wrong.Message, unknown.Message);
        Assert.Equal(1, Assert.Single(Tokens.List()).UsesLeft);
    }

    [Fact]
    public void Expired_tokens_are_refused_and_swept_away()
    {
        var token = Tokens.Create(CertificateRole.Agent, TimeSpan.FromHours(1));
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Contains("expired", Assert.Throws<TrustException>(() => Tokens.Redeem(token.Id, token.Secret)).Message, StringComparison.Ordinal);
        Assert.Empty(Tokens.List());
        Tokens.Create(CertificateRole.Agent, TimeSpan.FromHours(1));
        Assert.Single(_store.Records);
    }

    [Fact]
    public void Lifetimes_uses_and_roles_are_bounded()
    {
        Assert.Throws<TrustException>(() => Tokens.Create(CertificateRole.Agent, TimeSpan.Zero));
        Assert.Throws<TrustException>(() => Tokens.Create(CertificateRole.Agent, JoinTokens.LifetimeMax + TimeSpan.FromSeconds(1)));
        Assert.Throws<TrustException>(() => Tokens.Create(CertificateRole.Agent, TimeSpan.FromHours(1), uses: 0));
        Assert.Throws<TrustException>(() => Tokens.Create(CertificateRole.Coordinator, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Two_processes_on_one_file_lose_no_token()
    {
        var folder = Directory.CreateTempSubdirectory("orchestrator-tokens-").FullName;
        try
        {
            var path = Path.Combine(folder, "tokens.json");
            Parallel.For(0, 20, _ => new JoinTokens(new TokenFile(path), Digest, TimeProvider.System).Create(CertificateRole.Agent, TimeSpan.FromHours(1)));

            Assert.Equal(20, new TokenFile(path).Load().Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string DigestOfAnAuthority()
    {
        using var authority = CertificateAuthority.Create(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return authority.Digest;
    }

    private sealed class MemoryStore : ITokenStore
    {
        public ImmutableArray<JoinTokenRecord> Records { get; private set; } = [];

        public ImmutableArray<JoinTokenRecord> Load() => Records;

        public void Update(Func<ImmutableArray<JoinTokenRecord>, ImmutableArray<JoinTokenRecord>> change) => Records = change(Records);
    }
}
