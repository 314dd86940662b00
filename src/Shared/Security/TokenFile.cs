using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Security;

/// <summary><c>tokens.json</c> in the coordinator's data folder.</summary>
public sealed class TokenFile(string path) : ITokenStore
{
    /// <summary>A change takes milliseconds; whoever holds the lock longer is stuck.</summary>
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    public ImmutableArray<JoinTokenRecord> Load()
    {
        if (!File.Exists(path)) return [];
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), SecurityJson.Default.ImmutableArrayJoinTokenRecord);
        }
        catch (JsonException e)
        {
            throw new TrustException(TrustErrorKind.Invalid, $"{path} is not readable: {e.Message}. Move it away; tokens that were given out must be made anew.", e);
        }
    }

    public void Update(Func<ImmutableArray<JoinTokenRecord>, ImmutableArray<JoinTokenRecord>> change)
    {
        // 'token create --data-dir' works beside a running daemon: a lock file keeps the two apart.
        FileStream? held = null;
        SpinWait.SpinUntil(() => (held = TryLock()) is not null, LockTimeout);
        using (held ?? throw new TrustException(TrustErrorKind.Conflict, $"{path} is being changed by another process for more than {LockTimeout.TotalSeconds:0} s"))
        {
            PrivateFiles.Write(path, JsonSerializer.Serialize(change(Load()), SecurityJson.Default.ImmutableArrayJoinTokenRecord));
        }
    }

    private FileStream? TryLock()
    {
        try
        {
            return new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
