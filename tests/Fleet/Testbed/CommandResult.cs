namespace Orchestrator.Fleet.Testbed;

/// <summary>What a finished program left behind.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Standard output; fails, quoting both streams, unless the program ended with <paramref name="exitCode"/>.</summary>
    public string Expect(int exitCode = 0)
    {
        Assert.True(ExitCode == exitCode, $"expected exit code {exitCode}, got {this}");
        return Output;
    }

    public override string ToString() => $"{ExitCode} from: {CommandLine}\n--- standard output\n{Output}\n--- standard error\n{Error}";
}
