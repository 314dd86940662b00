using System.Diagnostics;

namespace Orchestrator.Engine.Tests;

public sealed class DockerEngineContractTests(DockerEngineFixture docker) : EngineContract(docker.Engine), IClassFixture<DockerEngineFixture>
{
    [Fact]
    public async Task Alias_of_each_network_resolves_there()
    {
        var (first, second) = (await NetworkAsync(), await NetworkAsync());
        var server = await RunAsync(ContractImages.Service, spec => spec with
        {
            Networks = [new(first, new EndpointSettings { Aliases = ["front"] }), new(second, new EndpointSettings { Aliases = ["back"] })],
        });
        var client = await RunAsync(ContractImages.Service, spec => spec with { Networks = [new(second, new EndpointSettings())] });
        var addresses = (await Engine.InspectContainerAsync(server, Cancellation)).Addresses;

        var answer = await Engine.ExecAsync(client, new ExecRequest(["nslookup", "-type=a", "back"]), 4096, Cancellation);

        Assert.Contains(addresses[second], answer.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(addresses[first], answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_of_a_command_that_is_not_there_has_an_exit_code()
    {
        var id = await RunAsync(ContractImages.Service);

        var result = await Engine.ExecAsync(id, new ExecRequest(["does-not-exist"]), 4096, Cancellation);

        Assert.InRange(result.ExitCode, 126, 127);
        Assert.Contains("does-not-exist", result.Output, StringComparison.Ordinal);
    }

    protected override async Task PauseAsync(string container)
    {
        using var docker = Process.Start("docker", ["--host", Engine.Address, "pause", container]);
        await docker.WaitForExitAsync(Cancellation);
        Assert.Equal(0, docker.ExitCode);
    }

    /// <remarks>The engine in question refuses the connection itself.</remarks>
    protected override void RegistryIsDead()
    {
    }
}
