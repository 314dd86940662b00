using System.Security.Cryptography;
using System.Text;
using Orchestrator.Security;

namespace Orchestrator.Store;

/// <summary>Seals what must not lie open in the store. AES-256-GCM; a sealed text is bound to the key it is stored under.</summary>
public sealed class SealKey
{
    private const int KeyBytes = 32;

    private readonly byte[] key;

    private SealKey(byte[] key) => this.key = key;

    /// <summary>For a store that ends with the process.</summary>
    public static SealKey Ephemeral() => new(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Read, or made when there is none, with access for its owner only. Throws <see cref="IOException"/> when it is not a key.</summary>
    public static SealKey InFolder(string folder)
    {
        var path = Path.Combine(folder, "seal.key");
        if (!File.Exists(path))
        {
            PrivateFiles.Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)));
        }
        var bytes = new byte[KeyBytes];
        return Convert.TryFromBase64String(File.ReadAllText(path).Trim(), bytes, out var length) && length == KeyBytes
            ? new SealKey(bytes)
            : throw new IOException($"{path} holds no key of {KeyBytes} bytes in base64; restore it from a backup, or delete it and deploy the stacks that have certificates again");
    }

    public string Seal(string name, string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedText = new byte[AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize + plain.Length];
        var (nonce, tag, cipher) = Parts(sealedText);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key, AesGcm.TagByteSizes.MaxSize);
        aes.Encrypt(nonce, plain, cipher, tag, Encoding.UTF8.GetBytes(name));
        CryptographicOperations.ZeroMemory(plain);
        return Convert.ToBase64String(sealedText);
    }

    /// <summary>Null when it was sealed with another key, for another name, or was changed.</summary>
    public string? Open(string name, string text)
    {
        try
        {
            var sealedText = Convert.FromBase64String(text);
            if (sealedText.Length < AesGcm.NonceByteSizes.MaxSize + AesGcm.TagByteSizes.MaxSize)
            {
                return null;
            }
            var (nonce, tag, cipher) = Parts(sealedText);
            var plain = new byte[cipher.Length];
            using var aes = new AesGcm(key, AesGcm.TagByteSizes.MaxSize);
            aes.Decrypt(nonce, cipher, tag, plain, Encoding.UTF8.GetBytes(name));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is FormatException or AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static SealedParts Parts(byte[] all) => new(all);

    private readonly ref struct SealedParts(byte[] all)
    {
        private readonly Span<byte> all = all;

        public void Deconstruct(out Span<byte> nonce, out Span<byte> tag, out Span<byte> cipher)
        {
            nonce = all[..AesGcm.NonceByteSizes.MaxSize];
            tag = all.Slice(nonce.Length, AesGcm.TagByteSizes.MaxSize);
            cipher = all[(nonce.Length + tag.Length)..];
        }
    }
}
