using System.Security.Cryptography.X509Certificates;
using Orchestrator.Links;
using Orchestrator.Security;

namespace Orchestrator.Tests.Links;

public sealed class JoinTests
{
    private const int RefusedEvent = 2100;
    private const int JoinedEvent = 2120;

    [Fact]
    public async Task Join_with_a_good_token_yields_a_certificate_for_the_name_and_the_tokens_role()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));

        var joined = await JoinClient.JoinAsync(fleet.Address, token, "h1", TimeProvider.System, CancellationToken.None);

        Assert.Equal(new CertificateIdentity("h1", CertificateRole.Agent), joined.Identity);
        using var certificate = X509Certificate2.CreateFromPem(joined.CertificatePem, joined.KeyPem);
        Assert.Equal(joined.Identity, fleet.Trust.Authenticate(certificate));
        Assert.True(fleet.Logs.Has(JoinedEvent));
    }

    [Fact]
    public async Task Join_with_a_wrong_secret_is_denied_and_leaves_the_token_usable()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));
        var forged = Parse($"orc1.{token.AuthorityDigest}.{token.Id}.{JoinToken.Create("x").Secret}");

        var refused = await Assert.ThrowsAsync<TrustException>(() => JoinAsync(fleet, forged));

        Assert.Equal(TrustErrorKind.Denied, refused.Kind);
        Assert.Contains("not accepted", refused.Message, StringComparison.Ordinal);
        Assert.True(fleet.Logs.Has(RefusedEvent));
        await JoinAsync(fleet, token);
    }

    [Fact]
    public async Task Join_with_an_expired_token_is_denied_and_says_so()
    {
        var time = new VirtualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var fleet = await CoordinatorFixture.StartAsync(time);
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));
        time.Advance(TimeSpan.FromMinutes(61));

        var refused = await Assert.ThrowsAsync<TrustException>(() => JoinClient.JoinAsync(fleet.Address, token, "h1", time, CancellationToken.None));

        Assert.Equal(TrustErrorKind.Denied, refused.Kind);
        Assert.Contains("expired", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_with_a_token_that_was_used_is_denied()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));
        await JoinAsync(fleet, token);

        var refused = await Assert.ThrowsAsync<TrustException>(() => JoinAsync(fleet, token));

        Assert.Equal(TrustErrorKind.Denied, refused.Kind);
    }

    [Fact]
    public async Task Join_with_a_revoked_token_is_denied()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));
        Assert.True(fleet.Trust.Tokens.Revoke(token.Id));

        await Assert.ThrowsAsync<TrustException>(() => JoinAsync(fleet, token));
    }

    [Fact]
    public async Task Join_at_an_impostor_stops_before_the_secret_is_sent()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        await using var impostor = await CoordinatorFixture.StartAsync();
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));

        var refused = await Assert.ThrowsAsync<TrustException>(() => JoinAsync(impostor, token));

        Assert.Equal(TrustErrorKind.Denied, refused.Kind);
        Assert.Contains("is not the coordinator that made this token", refused.Message, StringComparison.Ordinal);

        // It would have refused the unknown token, and logged that, had the request come.
        Assert.False(impostor.Logs.Has(RefusedEvent));
        Assert.DoesNotContain("/v1/join", impostor.Logs.Text, StringComparison.Ordinal);
        Assert.Contains("/v1/ca", impostor.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_where_nothing_listens_is_unreachable()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1));
        await fleet.StopAsync();

        var refused = await Assert.ThrowsAsync<TrustException>(() => JoinAsync(fleet, token));

        Assert.Equal(TrustErrorKind.Unreachable, refused.Kind);
    }

    [Fact]
    public async Task Secrets_are_in_no_log_at_any_level_and_on_no_disk()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        using var client = fleet.Client();
        var text = await client.CreateTokenAsync("agent", TimeSpan.FromHours(1), uses: 2, CancellationToken.None);
        var token = Parse(text);
        await JoinAsync(fleet, token);
        var wrong = Parse($"orc1.{token.AuthorityDigest}.{token.Id}.{JoinToken.Create("x").Secret}");
        await Assert.ThrowsAsync<TrustException>(() => JoinAsync(fleet, wrong));

        Assert.Contains(token.Id, fleet.Logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, fleet.Logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(wrong.Secret, fleet.Logs.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Secret, $"{token}", StringComparison.Ordinal);
        var files = Directory.GetFiles(fleet.Folder, "*", SearchOption.AllDirectories);
        Assert.Contains(files, f => f.EndsWith("tokens.json", StringComparison.Ordinal) && File.ReadAllText(f).Contains(token.Id, StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => File.ReadAllText(f).Contains(token.Secret, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Renewal_over_the_old_certificate_gives_a_new_key_for_the_same_identity()
    {
        var time = new VirtualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var fleet = await CoordinatorFixture.StartAsync(time);
        var folder = fleet.CredentialFolder("h1", CertificateRole.Agent);
        using var before = folder.Load();
        var renewal = new CertificateRenewal(folder, time);

        Assert.False(await renewal.RenewIfDueAsync([fleet.Address], CancellationToken.None));
        time.Advance(CertificateAuthority.LeafLife * 0.81);
        Assert.True(await renewal.RenewIfDueAsync([fleet.Address], CancellationToken.None));

        using var after = folder.Load();
        Assert.Equal(before.Identity, after.Identity);
        Assert.NotEqual(before.Certificate.GetPublicKeyString(), after.Certificate.GetPublicKeyString());
        Assert.True(after.Certificate.NotAfter > before.Certificate.NotAfter);
    }

    [Fact]
    public async Task Server_certificate_renews_itself_when_it_is_due()
    {
        var time = new VirtualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var fleet = await CoordinatorFixture.StartAsync(time);
        var before = fleet.Trust.ServerContext().TargetCertificate.SerialNumber;
        time.Advance(CertificateAuthority.LeafLife * 0.81);

        Assert.NotEqual(before, fleet.Trust.ServerContext().TargetCertificate.SerialNumber);
    }

    private static Task<Joined> JoinAsync(CoordinatorFixture fleet, JoinToken token) =>
        JoinClient.JoinAsync(fleet.Address, token, "h1", TimeProvider.System, CancellationToken.None);

    private static JoinToken Parse(string text)
    {
        Assert.True(JoinToken.TryParse(text, out var token, out var error), error);
        return token;
    }
}
