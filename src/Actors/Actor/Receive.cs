namespace Orchestrator.Actors;

/// <summary>A behaviour: takes a message and says whether it handled it.</summary>
public delegate bool Receive(object message);

/// <summary>A behaviour that handles every message, or calls <c>Unhandled</c> itself.</summary>
public delegate void UntypedReceive(object message);
