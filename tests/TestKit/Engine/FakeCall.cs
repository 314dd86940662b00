namespace Orchestrator.Engine.Fakes;

/// <summary>A call that reached the engine.</summary>
/// <param name="Operation">The member's name.</param>
/// <param name="Subject">The container, image, network or volume, named as the caller named it.</param>
public sealed record FakeCall(DateTimeOffset At, string Operation, string Subject);
