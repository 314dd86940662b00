namespace Orchestrator.Actors;

/// <summary>The runtime acts on such a message itself, before or instead of the actor.</summary>
public interface IAutoReceivedMessage;

/// <summary>A message that must not come from outside the process.</summary>
public interface IPossiblyHarmful;

/// <summary>Undelivered, such a message is dropped without a <see cref="DeadLetter"/> event.</summary>
public interface IDeadLetterSuppression;

/// <summary>Does not restart the receive timeout's count.</summary>
public interface INotInfluenceReceiveTimeout;
