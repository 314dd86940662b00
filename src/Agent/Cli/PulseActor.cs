namespace Orchestrator.Agent.Cli;

/// <summary>Answers as long as the actors' threads do: what feeds the watchdog.</summary>
internal sealed class PulseActor : ReceiveActor
{
    public PulseActor() => Receive<Beat>(beat => Sender.Tell(beat, Self));

    internal sealed record Beat;
}
