using Orchestrator.Protocol;

namespace Orchestrator.Agent.Images;

/// <summary>To and from <c>/user/agent/images</c>. A token is the asker's own number for its question.</summary>
internal abstract record ImagesMessage
{
    /// <summary>Have the image on this host. Answered with <see cref="Progressed"/>*, then <see cref="Ensured"/> or <see cref="Failed"/>.</summary>
    public sealed record Ensure(string Reference, bool MayPull, long Token) : ImagesMessage;

    /// <summary>The asker no longer waits. A pull that nobody waits for is given up.</summary>
    public sealed record Release(string Reference, long Token) : ImagesMessage;

    /// <summary>Answered with <see cref="AgentEvent.ImageResolved"/>.</summary>
    public sealed record Resolve(AgentCommand.ResolveImage Command) : ImagesMessage;

    public sealed record Progressed(long Token, string Detail) : ImagesMessage;

    public sealed record Ensured(long Token) : ImagesMessage;

    public sealed record Failed(long Token, string Message) : ImagesMessage;
}
