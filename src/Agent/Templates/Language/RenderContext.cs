namespace Orchestrator.Agent.Templates.Language;

/// <summary>What a template may ask the world for.</summary>
/// <param name="Time">What <c>datetime</c> says: when the keys last changed, so that rendering twice gives the same text.</param>
/// <param name="Environment">For <c>getenv</c>.</param>
internal sealed record RenderContext(KeyStore Store, DateTimeOffset Time, Func<string, string?> Environment);
