using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Orchestrator.Security;

/// <summary><c>orc1.&lt;digest of the authority&gt;.&lt;id&gt;.&lt;secret&gt;</c>: lets one more agent or operator in.</summary>
public sealed class JoinToken
{
    private const string Prefix = "orc1";
    private const int SecretBytes = 16;
    private const int IdDigits = 8;
    private const int DigestBytes = 32;

    private JoinToken(string authorityDigest, string id, string secret)
    {
        AuthorityDigest = authorityDigest;
        Id = id;
        Secret = secret;
    }

    /// <summary>As <see cref="CertificateAuthority.DigestOf"/>; by it the joiner knows the right coordinator before it says anything.</summary>
    public string AuthorityDigest { get; }

    /// <summary>Not secret: names the token in lists and logs.</summary>
    public string Id { get; }

    /// <summary>128 random bits, base64url. Secret.</summary>
    public string Secret { get; }

    public static JoinToken Create(string authorityDigest) => new(
        authorityDigest,
        RandomNumberGenerator.GetHexString(IdDigits, lowercase: true),
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    /// <param name="error">Why not, without the text that was given.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out JoinToken? token, [NotNullWhen(false)] out string? error)
    {
        token = null;
        var parts = text.Trim().Split('.');
        if (parts[0] != Prefix)
        {
            error = $"a join token begins with '{Prefix}.'";
            return false;
        }

        if (parts.Length != 4 || parts[2].Length != IdDigits || !HasBytes(parts[1], DigestBytes) || !HasBytes(parts[3], SecretBytes))
        {
            error = $"the join token is incomplete: expected {Prefix}.<digest>.<id>.<secret> in one piece";
            return false;
        }

        token = new JoinToken(parts[1], parts[2], parts[3]);
        error = null;
        return true;
    }

    /// <summary>The whole token, for the one to whom it is given.</summary>
    public string Reveal() => $"{Prefix}.{AuthorityDigest}.{Id}.{Secret}";

    /// <summary>Without the secret: this object may reach a log.</summary>
    public override string ToString() => $"{Prefix}.{AuthorityDigest}.{Id}.***";

    private static bool HasBytes(string text, int count)
    {
        Span<byte> bytes = stackalloc byte[64];
        return text.Length <= 64 && Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out var written) && written == count;
    }
}
