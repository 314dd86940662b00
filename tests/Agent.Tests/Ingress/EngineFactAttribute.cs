namespace Orchestrator.Agent.Tests.Ingress;

/// <summary>Runs where a real engine is named.</summary>
internal sealed class EngineFactAttribute : FactAttribute
{
    public const string Variable = "ORCHESTRATOR_TEST_DOCKER_HOST";

    public EngineFactAttribute()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))) Skip = $"needs an engine: set {Variable}=unix:///path/to/docker.sock, or run deploy/test";
    }
}
