namespace Orchestrator.Fleet.Testbed;

/// <summary>One host of the testbed.</summary>
/// <param name="Socket">Its engine's unix socket, reachable here whatever the host's link does.</param>
public sealed record TestHost(string Name, string Address, string Socket)
{
    /// <summary>The engine's address in the form <c>DOCKER_HOST</c> takes.</summary>
    public string Engine => $"unix://{Socket}";

    /// <summary>Runs the docker client against this host's engine.</summary>
    public Task<CommandResult> DockerAsync(params string[] arguments) => Command.RunAsync("docker", ["--host", Engine, .. arguments]);
}
