namespace Orchestrator.Agent.Templates.Language;

/// <summary>What <c>get</c> and <c>gets</c> give: <c>.Key</c> and <c>.Value</c>.</summary>
internal sealed record KeyValue(string Key, string Value);
