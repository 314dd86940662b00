using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Agent.Cli;
using Orchestrator.Fleet;
using Orchestrator.Protocol;

namespace Orchestrator.Tests.Links;

public sealed class AgentProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Agent_process_links_reports_its_engines_absence_tells_systemd_and_ends_cleanly_on_SIGTERM()
    {
        await using var fleet = await CoordinatorFixture.StartAsync();
        var folder = fleet.NewFolder("agent");
        var token = fleet.Trust.CreateToken("agent", TimeSpan.FromHours(1)).Reveal();
        Assert.Equal(0, await AgentProgram.RunAsync(["join", fleet.Address.ToString(), "--name", "h1", "--token", token, "--docker", "unix:///nowhere.sock", "--data-dir", folder], TimeProvider.System));
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var notify = Path.Combine(fleet.Folder, "notify");
        systemd.Bind(new UnixDomainSocketEndPoint(notify));

        using var agent = Start(notify, "run", "--data-dir", folder);
        try
        {
            Assert.Equal("h1", (await fleet.Fleet.NextAsync<FleetMessage.AgentConnected>()).Host);
            var inventory = await fleet.Uplink.NextAsync<AgentEvent.InventoryReported>();
            Assert.Equal("h1", inventory.Facts.Name);
            Assert.NotNull(inventory.Facts.EngineError);
            Assert.StartsWith("READY=1", await ReadAsync(systemd), StringComparison.Ordinal);
            Assert.Equal(1, await AgentProgram.RunAsync(["run", "--data-dir", folder], TimeProvider.System));

            using var kill = Process.Start("kill", ["-TERM", agent.Id.ToString(CultureInfo.InvariantCulture)]);
            await agent.WaitForExitAsync().WaitAsync(Patience);
            Assert.Equal(0, agent.ExitCode);
            await fleet.Fleet.NextAsync<FleetMessage.AgentDisconnected>();
            Assert.Contains("Link down → up", await agent.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        }
        finally
        {
            if (!agent.HasExited) agent.Kill();
        }
    }

    private static Process Start(string notify, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Path.Combine(AppContext.BaseDirectory, "orchestrator-agent.dll"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["NOTIFY_SOCKET"] = notify;
        return Process.Start(start)!;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var buffer = new byte[1024];
        using var patience = new CancellationTokenSource(Patience);
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer.AsMemory(), patience.Token));
    }
}
