using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Security;

/// <summary>Makes, redeems and revokes join tokens. Safe to call from several threads.</summary>
/// <param name="authorityDigest">Carried in each token.</param>
public sealed class JoinTokens(ITokenStore store, string authorityDigest, TimeProvider time)
{
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    /// <summary>A token is for the next minutes; a door that stands open for months is a certificate's business.</summary>
    public static readonly TimeSpan LifetimeMax = TimeSpan.FromDays(30);

    /// <summary>Tokens alive at one time: bounds the file and the time a look-up takes.</summary>
    public const int TokensMax = 1000;

    /// <summary>The same words for an unknown id and a wrong secret: an answer must not tell which ids exist.</summary>
    private const string NotAccepted = "the join token is not accepted: it is wrong, was revoked, or has been used up. Make a new one: orchestrator token create";

    /// <param name="uses">How many may join with it.</param>
    /// <exception cref="TrustException">The role may not join by token, the lifetime or the uses are out of range, or too many tokens are alive.</exception>
    public JoinToken Create(CertificateRole role, TimeSpan lifetime, int uses = 1)
    {
        if (role == CertificateRole.Coordinator) throw new TrustException(TrustErrorKind.Invalid, "a token is for an agent, an operator or a viewer");
        if (lifetime <= TimeSpan.Zero || lifetime > LifetimeMax) throw new TrustException(TrustErrorKind.Invalid, $"a token's lifetime is above zero and at most {LifetimeMax.TotalDays:0} days, not {lifetime}");
        if (uses < 1) throw new TrustException(TrustErrorKind.Invalid, $"a token serves at least once, not {uses} times");

        var token = JoinToken.Create(authorityDigest);
        var now = time.GetUtcNow();
        store.Update(records =>
        {
            var alive = Alive(records, now);
            if (alive.Length >= TokensMax) throw new TrustException(TrustErrorKind.Conflict, $"{TokensMax} join tokens are alive already: revoke some, or wait until they expire");
            return alive.Add(new JoinTokenRecord
            {
                Id = token.Id,
                SecretHash = Convert.ToBase64String(HashOf(token.Secret)),
                Role = role,
                Created = now,
                Expires = now + lifetime,
                UsesLeft = uses,
            });
        });
        return token;
    }

    /// <summary>Takes one use of a token.</summary>
    /// <returns>The role it gives.</returns>
    /// <exception cref="TrustException">Wrong, expired, used up or revoked.</exception>
    public CertificateRole Redeem(string id, string secret)
    {
        CertificateRole? role = null;
        store.Update(records =>
        {
            var record = records.FirstOrDefault(r => r.Id == id);

            // An unknown id costs the same comparison as a known one.
            var expected = record is null ? new byte[SHA256.HashSizeInBytes] : Convert.FromBase64String(record.SecretHash);
            var matches = CryptographicOperations.FixedTimeEquals(expected, HashOf(secret));
            if (record is null || !matches || record.UsesLeft < 1) throw new TrustException(TrustErrorKind.Denied, NotAccepted);
            if (record.Expires <= time.GetUtcNow()) throw new TrustException(TrustErrorKind.Denied, $"the join token expired on {record.Expires:yyyy-MM-dd HH:mm:ss}Z. Make a new one: orchestrator token create");

            role = record.Role;
            return record.UsesLeft == 1 ? records.Remove(record) : records.Replace(record, record with { UsesLeft = record.UsesLeft - 1 });
        });
        return role!.Value;
    }

    /// <returns>False when there is none of that id.</returns>
    public bool Revoke(string id)
    {
        var found = false;
        store.Update(records =>
        {
            found = records.Any(r => r.Id == id);
            return records.RemoveAll(r => r.Id == id);
        });
        return found;
    }

    /// <summary>Those that can still be used; oldest first.</summary>
    public ImmutableArray<JoinTokenRecord> List() => Alive(store.Load(), time.GetUtcNow());

    private static ImmutableArray<JoinTokenRecord> Alive(ImmutableArray<JoinTokenRecord> records, DateTimeOffset now) => records.RemoveAll(r => r.Expires <= now);

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
