namespace Orchestrator.Actors.Tests.Conformance;

/// <summary>The one list of what is public here and not in Akka.NET. Product actors must not use it; composition roots and tests may.</summary>
internal static class Ours
{
    internal static readonly IReadOnlyDictionary<string, string> Types = new Dictionary<string, string>
    {
        [nameof(ActorSystemOptions)] = "stands in place of Akka.NET's configuration text",
        [nameof(ActorDispatcher)] = "the choice of dispatcher in the options",
        [nameof(DeterministicDispatcher)] = "simulation on one thread",
        [nameof(VirtualTimeProvider)] = "simulation's clock",
        [nameof(MailboxOverflow)] = "the event of a mailbox at its bound; Akka.NET's mailboxes have none by default",
    };

    internal static readonly IReadOnlyDictionary<string, string> Members = new Dictionary<string, string>
    {
        ["ActorSystem: public static ActorSystem Create(string name, ActorSystemOptions options)"] = "how the options come in",
    };
}
