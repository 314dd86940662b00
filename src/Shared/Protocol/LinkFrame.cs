using System.Text.Json.Serialization;

namespace Orchestrator.Protocol;

/// <summary>What travels on the link between coordinator and agent; one JSON text message each.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "frame")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Heartbeat), "heartbeat")]
[JsonDerivedType(typeof(Command), "command")]
[JsonDerivedType(typeof(Event), "event")]
public abstract record LinkFrame
{
    /// <summary>The first frame of either side. Both then use the highest version that both speak.</summary>
    /// <param name="Version">Of the program, for people.</param>
    public sealed record Hello(int ProtocolMin, int ProtocolMax, string Version) : LinkFrame
    {
        public static Hello Of(string version) => new(LinkProtocol.VersionMin, LinkProtocol.VersionMax, version);

        /// <returns>Null when a version in common exists; else the refusal for the other side.</returns>
        public string? Mismatch(string ownVersion) => LinkProtocol.Agree(ProtocolMin, ProtocolMax) is not null
            ? null
            : $"no link protocol in common: {ownVersion} speaks {LinkProtocol.VersionMin} to {LinkProtocol.VersionMax}, {Version} speaks {ProtocolMin} to {ProtocolMax}. Install the same release on the coordinator and its hosts.";
    }

    /// <summary>The last frame before a close that reconnecting will not cure.</summary>
    public sealed record Refused(string Reason) : LinkFrame;

    /// <summary>Sent by either side at each interval, whatever else is sent; any frame is a sign of life.</summary>
    public sealed record Heartbeat : LinkFrame;

    public sealed record Command(AgentCommand Body) : LinkFrame;

    public sealed record Event(AgentEvent Body) : LinkFrame;
}
