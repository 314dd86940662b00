namespace Orchestrator.Actors.TestKit;

/// <summary>On a test class: what the test tells has no sender, instead of the test actor.</summary>
public interface INoImplicitSender;
