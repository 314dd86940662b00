using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Orchestrator.Stacks.Reading;

/// <summary>A route's <c>tls</c>: PEM files of this machine, read and checked here. Nothing that is said about them holds any of their contents.</summary>
internal static class CertificateReader
{
    private const string RsaOid = "1.2.840.113549.1.1.1";

    private const string EllipticOid = "1.2.840.10045.2.1";

    /// <summary>Two weeks are what people need to notice a renewal that failed.</summary>
    private static readonly TimeSpan SoonEnds = TimeSpan.FromDays(14);

    private sealed record Files(string? Certificate, string? Key);

    private static readonly KeyTable<Files> Keys = new()
    {
        { "certificate", (f, v) => f with { Certificate = ReadFile(v, "the certificate") } },
        { "key", (f, v) => f with { Key = ReadFile(v, "the private key") } },
    };

    /// <summary>Null after an error was reported.</summary>
    public static CertificateSpec? Read(Value value)
    {
        if (!value.IsMap)
        {
            // The text itself is not shown: it may be the key.
            value.Error("must be a mapping", "write tls: {certificate: FILE, key: FILE}, or {certificate: FILE} when the key is in the same file");
            return null;
        }

        var files = Keys.Read(value, new Files(null, null));
        if (value.Find("certificate") is not { } at)
        {
            value.Error("`certificate` is missing", "name the PEM file that holds the certificate and its chain");
            return null;
        }

        var keyAt = value.Find("key") ?? at;
        if (files.Certificate is not { } certificateText || (value.Find("key") is not null && files.Key is null))
            return null;
        var chain = Blocks(certificateText).Where(b => b.Label == "CERTIFICATE").ToList();
        if (chain.Count == 0)
        {
            at.Error("the file holds no certificate in PEM form", "it starts with -----BEGIN CERTIFICATE-----; convert a binary one with: openssl x509 -inform der -in FILE");
            return null;
        }

        return ReadKey(files.Key ?? certificateText, keyAt, value.Find("key") is not null) is { } key ? Join(chain, key, at, keyAt) : null;
    }

    private static CertificateSpec? Join(List<PemBlock> chain, PemBlock key, Value at, Value keyAt)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            foreach (var block in chain)
                certificates.Add(X509CertificateLoader.LoadCertificate(block.Data));
            return Checked(certificates, chain, key, at, keyAt);
        }
        catch (CryptographicException)
        {
            at.Error("the file holds something that is not a certificate, under a certificate's heading", "make the file again from its source");
            return null;
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }

    private static CertificateSpec? Checked(X509Certificate2Collection chain, List<PemBlock> blocks, PemBlock key, Value at, Value keyAt)
    {
        var leaf = chain[0];
        if (Belongs(key, leaf, keyAt) is not { } belongs)
            return null;
        if (!belongs)
        {
            if (chain.Skip(1).Any(c => c.PublicKey.Oid.Value == leaf.PublicKey.Oid.Value && Belongs(key, c, keyAt) == true))
                at.Error("the key's own certificate is not the first of the file", "put it first, and the authorities that signed it after it");
            else
                keyAt.Error("the private key does not belong to the certificate", "name the key that the certificate was requested with");
            return null;
        }

        var now = at.Context.Now;
        var end = new DateTimeOffset(leaf.NotAfter.ToUniversalTime());
        if (end <= now)
        {
            at.Error($"the certificate has ended on {end:yyyy-MM-dd}", "renew it");
            return null;
        }

        if (end - now < SoonEnds)
            at.Warn($"the certificate ends on {end:yyyy-MM-dd}, in {(end - now).TotalDays:0} days", "renew it");
        if (leaf.NotBefore.ToUniversalTime() > now.UtcDateTime)
            at.Warn($"the certificate begins only on {leaf.NotBefore.ToUniversalTime():yyyy-MM-dd}", "clients refuse it until then; check this machine's clock");

        var pem = string.Concat(blocks.Append(key).Select(b => PemEncoding.WriteString(b.Label, b.Data) + "\n"));
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(pem)));
        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).Distinct().ToImmutableArray();
        var spec = new CertificateSpec(id, names, end);
        at.Context.Certificates.Add(spec, pem);
        return spec;
    }

    /// <summary>Null after an error was reported.</summary>
    private static bool? Belongs(PemBlock key, X509Certificate2 certificate, Value keyAt)
    {
        try
        {
            using AsymmetricAlgorithm? pair = certificate.PublicKey.Oid.Value switch
            {
                RsaOid => RSA.Create(),
                EllipticOid => ECDsa.Create(),
                _ => null,
            };
            if (pair is null)
            {
                keyAt.Error("the certificate's key is neither RSA nor ECDSA", "other kinds are not supported yet: request the certificate with one of these");
                return null;
            }

            pair.ImportFromPem(PemEncoding.WriteString(key.Label, key.Data));
            return pair.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // A key of the other kind, or none at all; the exception's own words could quote the file.
            return false;
        }
    }

    private static PemBlock? ReadKey(string text, Value at, bool isOwnFile)
    {
        var blocks = Blocks(text).Where(b => b.Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal)).ToList();
        if (blocks.Count == 1 && blocks[0].Label != "ENCRYPTED PRIVATE KEY")
            return blocks[0];
        if (blocks.Count > 1)
            at.Error($"the file holds {blocks.Count} private keys", "keep the one that belongs to the certificate");
        else if (blocks.Count == 1 || text.Contains("ENCRYPTED", StringComparison.Ordinal))
            at.Error("the private key is protected by a password", "take it off with: openssl pkey -in FILE -out FILE");
        else
            at.Error("the file holds no private key in PEM form", isOwnFile ? "it starts with -----BEGIN PRIVATE KEY-----" : "add `key:` with the file that holds it, or put it after the certificate");
        return null;
    }

    private static string? ReadFile(Value value, string what)
    {
        if (value.Node is Yaml.Node.Scalar { Text: var pasted } && (pasted.Contains("-----BEGIN", StringComparison.Ordinal) || pasted.Contains('\n', StringComparison.Ordinal)))
        {
            value.Error($"{what} itself stands where its file is named", "put it into a file beside the stack file, and name that file");
            return null;
        }

        return value.String() is { } path && value.Context.AbsolutePath(path, value) is { } absolute ? value.Context.Read(absolute, value, what) : null;
    }

    private static List<PemBlock> Blocks(string text)
    {
        var blocks = new List<PemBlock>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            blocks.Add(new PemBlock(rest[fields.Label].ToString(), Convert.FromBase64String(rest[fields.Base64Data].ToString())));
            rest = rest[fields.Location.End..];
        }

        return blocks;
    }

    private sealed record PemBlock(string Label, byte[] Data);
}
