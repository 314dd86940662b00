using Orchestrator.Agent.Cli;
using Orchestrator.Security;

namespace Orchestrator.Tests.Links;

public sealed class AgentProgramTests
{
    [Fact]
    public async Task Join_status_and_leave_tell_one_story()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var folder = fleet.NewFolder("agent");
        string[] join = ["join", fleet.Address.ToString(), "--name", "H1", "--label", "zone=a", "--docker", "unix:///nowhere.sock", "--data-dir", folder];

        Assert.Equal(2, await RunAsync("status", "--data-dir", folder));
        Assert.Equal(2, await RunAsync([.. join, "--token", "nonsense"]));
        Assert.Equal(0, await RunAsync([.. join, "--token", Token(fleet)]));
        Assert.Equal(1, await RunAsync([.. join, "--token", Token(fleet)]));
        Assert.Equal(0, await RunAsync([.. join, "--token", Token(fleet), "--force"]));
        Assert.Equal(5, await RunAsync([.. join, "--token", JoinToken.Create(fleet.Trust.AuthorityDigest).Reveal(), "--force"]));
        Assert.Equal(0, await RunAsync("status", "--data-dir", folder));

        var config = new AgentFolder(folder).Load();
        Assert.Equal(("h1", "a"), (config.Name, config.Labels["zone"]));
        using (var credential = new AgentFolder(folder).Credential.Load()) Assert.Equal(new CertificateIdentity("h1", CertificateRole.Agent), fleet.Trust.Authenticate(credential.Certificate));

        await fleet.StopAsync();
        Assert.Equal(5, await RunAsync("status", "--data-dir", folder));
        Assert.Equal(0, await RunAsync("leave", "--data-dir", folder));
        Assert.False(File.Exists(Path.Combine(folder, "agent.key")));
        Assert.Equal(2, await RunAsync("leave", "--data-dir", folder));
    }

    [Fact]
    public async Task Token_for_people_makes_no_agent()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var folder = fleet.NewFolder("agent");
        var token = fleet.Trust.CreateToken("operator", TimeSpan.FromHours(1)).Reveal();

        Assert.Equal(2, await RunAsync("join", fleet.Address.ToString(), "--name", "h1", "--token", token, "--data-dir", folder));
        Assert.False(new AgentFolder(folder).HasJoined);
    }

    private static string Token(CoordinatorFixture fleet) => fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1)).Reveal();

    private static Task<int> RunAsync(params string[] arguments) => AgentProgram.RunAsync(arguments, TimeProvider.System);
}
