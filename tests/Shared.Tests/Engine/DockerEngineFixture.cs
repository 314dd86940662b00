namespace Orchestrator.Engine.Tests;

/// <summary>A real engine with the suite's images: the one that ORCHESTRATOR_TEST_DOCKER_HOST names, else the one Docker's own client would take.</summary>
public sealed class DockerEngineFixture : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public EngineClient Engine { get; } = new(EngineAddress.Resolve(Environment.GetEnvironmentVariable("ORCHESTRATOR_TEST_DOCKER_HOST"), DockerEnvironment.FromProcess()));

    public async Task InitializeAsync()
    {
        using var bound = new CancellationTokenSource(Patience);
        try
        {
            await Engine.PingAsync(bound.Token);
        }
        catch (EngineException e)
        {
            Assert.Fail($"the contract tests need a Docker engine. Run deploy/test, which starts one, or set ORCHESTRATOR_TEST_DOCKER_HOST=unix:///path/to/docker.sock. {e.Message}");
        }

        await Engine.LoadImageAsync(ContractImages.Archive(), bound.Token);
    }

    public Task DisposeAsync()
    {
        Engine.Dispose();
        return Task.CompletedTask;
    }
}
