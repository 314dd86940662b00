using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Engine.Fakes;

/// <summary>What an image is, and how the process in its containers behaves. Times count from the container's start.</summary>
public sealed record FakeImage(string Reference)
{
    /// <summary>Two images of one reference with different content have different digests.</summary>
    public string Content { get; init; } = "";

    public string Digest => "sha256:" + Hash($"{Reference}\n{Content}");

    public string Id => "sha256:" + Hash("id of " + Digest);

    /// <summary>How long a pull takes.</summary>
    public TimeSpan PullTakes { get; init; }

    /// <summary>What the registry says instead of giving the image; classified as a real one's words are.</summary>
    public string? PullError { get; init; }

    /// <summary>The image's own healthcheck.</summary>
    public Healthcheck? Healthcheck { get; init; }

    public IReadOnlyList<string> ExposedPorts { get; init; } = [];

    /// <summary>How long the start call takes.</summary>
    public TimeSpan StartTakes { get; init; }

    /// <summary>Why a start is refused; see <see cref="BadCommand"/>.</summary>
    public string? StartError { get; init; }

    /// <summary>Null runs until stopped.</summary>
    public TimeSpan? ExitsAfter { get; init; }

    /// <summary>Of an exit after <see cref="ExitsAfter"/>.</summary>
    public int ExitCode { get; init; }

    /// <summary>The exit after <see cref="ExitsAfter"/> is the kernel's doing, with code 137.</summary>
    public bool OomKilled { get; init; }

    /// <summary>From when on probes succeed; null = never.</summary>
    public TimeSpan? HealthyAfter { get; init; } = TimeSpan.Zero;

    /// <summary>From when on probes fail again.</summary>
    public TimeSpan? UnhealthyAfter { get; init; }

    /// <summary>What a probe prints.</summary>
    public string ProbeOutput { get; init; } = "";

    /// <summary>From the stop signal to the exit; null ignores the signal and is killed when the grace period ends.</summary>
    public TimeSpan? StopTakes { get; init; } = TimeSpan.Zero;

    /// <summary>Of an exit by the stop signal.</summary>
    public int StopExitCode { get; init; }

    /// <summary>Printed at each start.</summary>
    public IReadOnlyList<LogLine> Prints { get; init; } = [];

    /// <summary>Answers execs; null for those it leaves to the default, which runs the healthcheck's command and succeeds at all else.</summary>
    public Func<FakeContainer, ExecRequest, ExecResult?>? Exec { get; init; }

    /// <summary>Changes the behaviour by what the container was created with, say by an environment variable.</summary>
    public Func<CreateContainer, FakeImage, FakeImage>? ForContainer { get; init; }

    public long MemoryBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>An image whose command is not in it.</summary>
    public static FakeImage BadCommand(string reference) => new(reference)
    {
        StartError = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"nope\": executable file not found in $PATH: unknown",
    };

    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
