using System.Collections.Immutable;

namespace Orchestrator.Agent.Networks;

/// <summary>The host's <c>ip</c> and <c>bridge</c> programs.</summary>
internal interface ILinkCommands
{
    /// <summary>Runs one to its end.</summary>
    /// <param name="program"><c>ip</c> or <c>bridge</c>.</param>
    /// <exception cref="LinkException">It is not there, or did not end in time.</exception>
    Task<LinkResult> RunAsync(string program, ImmutableArray<string> arguments, CancellationToken cancellation);
}

/// <param name="Error">What it wrote to its standard error.</param>
internal sealed record LinkResult(int ExitCode, string Output, string Error);

/// <summary>This host's network devices cannot be made what they should be; the message is for people.</summary>
internal sealed class LinkException(string message) : Exception(message);
