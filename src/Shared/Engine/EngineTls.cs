namespace Orchestrator.Engine;

/// <summary>The files of a TLS connection to an engine.</summary>
/// <param name="CaFile">Trusted instead of the system's authorities; null trusts those.</param>
/// <param name="CertificateFile">The client's certificate; null sends none.</param>
/// <param name="KeyFile">Its private key; never logged.</param>
/// <param name="VerifyServer">False only when DOCKER_CERT_PATH is set without DOCKER_TLS_VERIFY, or a context says so, as Docker does.</param>
public sealed record EngineTls(string? CaFile, string? CertificateFile, string? KeyFile, bool VerifyServer)
{
    public static EngineTls SystemTrust { get; } = new(null, null, null, VerifyServer: true);

    /// <summary>Docker's file names: ca.pem, cert.pem, key.pem; those that are missing are left out.</summary>
    public static EngineTls FromFolder(string folder, bool verifyServer) =>
        new(Existing(folder, "ca.pem"), Existing(folder, "cert.pem"), Existing(folder, "key.pem"), verifyServer);

    private static string? Existing(string folder, string name) => Path.Combine(folder, name) is var path && File.Exists(path) ? path : null;
}
