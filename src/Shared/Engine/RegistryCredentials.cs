using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Orchestrator.Engine.Json;

namespace Orchestrator.Engine;

/// <summary>Finds the login for a registry where <c>docker login</c> left it.</summary>
/// <remarks>Order, as Docker's: the registry's own helper, the store for all, the file itself.</remarks>
public sealed class RegistryCredentials(string configFolder)
{
    /// <summary>Docker Hub's name in config files and credential stores.</summary>
    public const string DockerHubKey = "https://index.docker.io/v1/";

    /// <summary>What a helper prints when the user name stands for a token.</summary>
    private const string TokenUser = "<token>";

    /// <summary>A helper may ask a cloud for a fresh token.</summary>
    private static readonly TimeSpan HelperTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Null when there is no login: the pull is then made without one.</summary>
    /// <exception cref="FormatException">The config file cannot be read, or a helper fails for another reason than a missing login.</exception>
    public async Task<RegistryAuth?> FindAsync(ImageReference image, CancellationToken cancellation)
    {
        var config = DockerConfigFile.Read(configFolder);
        var key = image.Registry == ImageReference.DockerHub ? DockerHubKey : image.Registry;
        var helper = config.CredHelpers?.GetValueOrDefault(image.Registry) ?? config.CredHelpers?.GetValueOrDefault(key) ?? config.CredsStore;
        if (!string.IsNullOrEmpty(helper) && await AskAsync(helper, key, cancellation) is { } answer) return answer;
        return FromFile(config, key);
    }

    /// <summary>X-Registry-Auth: base64url of JSON, with padding as the daemon's decoder wants it. Null for no login.</summary>
    internal static string? Header(RegistryAuth? auth)
    {
        if (auth is null) return null;
        var json = JsonSerializer.SerializeToUtf8Bytes(new DockerConfigJson.RegistryHeader(auth.Username, auth.Password, auth.IdentityToken, auth.ServerAddress), EngineJson.Default.RegistryHeader);
        return Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_');
    }

    private static RegistryAuth? FromFile(DockerConfigJson config, string key)
    {
        var entry = (config.Auths ?? []).FirstOrDefault(pair => Host(pair.Key) == Host(key)).Value;
        if (entry is null) return null;
        if (!string.IsNullOrEmpty(entry.IdentityToken)) return new RegistryAuth(key, null, null, entry.IdentityToken);
        if (string.IsNullOrEmpty(entry.Basic)) return string.IsNullOrEmpty(entry.Username) ? null : new RegistryAuth(key, entry.Username, entry.Password, null);
        try
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(entry.Basic)).Split(':', 2);
            return pair.Length == 2 ? new RegistryAuth(key, pair[0], pair[1].TrimEnd('\0'), null) : null;
        }
        catch (FormatException)
        {
            throw new FormatException($"the login for {key} in Docker's config.json is damaged; run `docker login {key}` again");
        }
    }

    /// <summary>Keys may carry a scheme and a path: <c>https://ghcr.io/v2/</c>.</summary>
    private static string Host(string key)
    {
        var rest = key.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? key[(scheme + 3)..] : key;
        return rest.Split('/')[0];
    }

    private static async Task<RegistryAuth?> AskAsync(string helper, string key, CancellationToken cancellation)
    {
        var program = "docker-credential-" + helper;
        var start = new ProcessStartInfo(program, ["get"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            bound.CancelAfter(HelperTimeout);
            try
            {
                return await AskAsync(process, program, key, bound.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new FormatException($"{program} gave no answer within {HelperTimeout.TotalSeconds:0} s; run `echo {key} | {program} get` by hand");
            }
            finally
            {
                if (!process.HasExited) process.Kill();
            }
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new FormatException($"{program}, named in Docker's config.json, cannot be started: {e.Message}; install it or remove it from the file", e);
        }
    }

    private static async Task<RegistryAuth?> AskAsync(Process process, string program, string key, CancellationToken cancellation)
    {
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        await process.StandardInput.WriteAsync(key.AsMemory(), cancellation);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellation);
        var text = await output;
        if (process.ExitCode != 0)
        {
            // Helpers print this one to stdout; its text is fixed by their protocol.
            if (text.Contains("credentials not found", StringComparison.OrdinalIgnoreCase)) return null;
            throw new FormatException($"{program} failed for {key}: {(await errors + text).Trim()}");
        }

        try
        {
            var answer = JsonSerializer.Deserialize(text, EngineJson.Default.HelperAnswer);
            if (string.IsNullOrEmpty(answer?.Username)) return null;
            return answer.Username == TokenUser ? new RegistryAuth(key, null, null, answer.Secret) : new RegistryAuth(key, answer.Username, answer.Secret, null);
        }
        catch (JsonException)
        {
            throw new FormatException($"{program} printed no JSON for {key}; run it by hand");
        }
    }
}
