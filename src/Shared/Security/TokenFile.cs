using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Security;

/// <summary><c>tokens.json</c> in the coordinator's data folder.</summary>
public sealed class TokenFile(string path) : ITokenStore
{
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

    public void Save(ImmutableArray<JoinTokenRecord> records) =>
        PrivateFiles.Write(path, JsonSerializer.Serialize(records, SecurityJson.Default.ImmutableArrayJoinTokenRecord));
}
