using Microsoft.Extensions.Logging;
using Orchestrator.Api;
using Orchestrator.Api.Http;
using Orchestrator.Engine;
using Orchestrator.Hosting;

namespace Orchestrator.Cli.Connections;

/// <summary>The fleet of a context across HTTPS; without one, the local engine in this process.</summary>
internal sealed class CoordinatorFactory(ContextStore contexts, Func<string, string?> environment, string homeFolder, string version, TimeProvider time, ILoggerFactory loggers) : ICoordinatorFactory
{
    public Task<CoordinatorConnection> OpenAsync(CoordinatorChoice choice, CancellationToken cancellation)
    {
        var name = choice.Context ?? contexts.CurrentName;
        return name is null || CoordinatorChoice.LocalNames.Contains(name) ? OpenLocalAsync(choice.Changes, cancellation) : OpenFleetAsync(name, cancellation);
    }

    private async Task<CoordinatorConnection> OpenFleetAsync(string name, CancellationToken cancellation)
    {
        var client = await CoordinatorHttpClient.OpenAsync(contexts.Get(name), time, cancellation).ConfigureAwait(false);
        return new CoordinatorConnection(client, isFleet: true, name, () =>
        {
            client.Dispose();
            return ValueTask.CompletedTask;
        });
    }

    private async Task<CoordinatorConnection> OpenLocalAsync(bool changes, CancellationToken cancellation)
    {
        var engine = Engine();
        try
        {
            var coordinator = await EmbeddedCoordinator.OpenAsync(
                new EmbeddedOptions
                {
                    DataFolder = EmbeddedOptions.DefaultDataFolder(environment, homeFolder),
                    Engine = engine,
                    Credentials = new RegistryCredentials(DockerEnvironment.From(environment, homeFolder).ConfigFolder),
                    IngressImage = environment(EmbeddedOptions.IngressImageVariable),
                    UserRuntimeFolder = environment("XDG_RUNTIME_DIR"),
                    Version = version,
                    IsPassive = !changes,
                    Loggers = loggers,
                },
                cancellation).ConfigureAwait(false);
            return new CoordinatorConnection(coordinator.Coordinator, isFleet: false, CoordinatorChoice.LocalNames[0], async () =>
            {
                await coordinator.DisposeAsync().ConfigureAwait(false);
                engine.Dispose();
            });
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    private EngineClient Engine()
    {
        try
        {
            return new EngineClient(EngineAddress.Resolve(null, DockerEnvironment.From(environment, homeFolder)), time: time);
        }
        catch (EngineException e)
        {
            // DOCKER_HOST or a docker context that makes no sense.
            throw new CoordinatorException(CoordinatorErrorKind.Invalid, e.Message, e);
        }
    }
}
