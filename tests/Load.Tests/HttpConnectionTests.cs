using System.Net;
using System.Net.Sockets;
using Orchestrator.Load.Generating;
using Orchestrator.Load.Http;
using Orchestrator.Load.Measuring;

namespace Orchestrator.Load.Tests;

/// <summary>The instrument tells each way in which a request can break from the others.</summary>
public sealed class HttpConnectionTests
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Version: v7\r\nx-replica: abc\r\n\r\nhello";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Whole_answer_is_a_success_and_names_its_version()
    {
        using var server = ScriptedServer.Start(reset: false, Answer);
        using var connection = await OpenAsync(server.Target);

        Assert.Equal(Outcome.Success, await RequestAsync(connection, server.Target));
        Assert.Equal((200, "v7", "abc", false), (connection.Status, connection.Version, connection.Replica, connection.Closes));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello", FailureReason.EarlyEnd, "5 of 50")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", FailureReason.EarlyEnd, "before its answer")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", FailureReason.Status, "503")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", FailureReason.Status, "404")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", FailureReason.Protocol, "5 bytes")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", FailureReason.Protocol, "chunked")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n\r\n", FailureReason.Protocol, "SSH-2.0")]
    public async Task Broken_answer_is_a_failure_with_its_reason(string answer, FailureReason reason, string detail)
    {
        using var server = ScriptedServer.Start(reset: false, answer);
        using var connection = await OpenAsync(server.Target);

        var outcome = await RequestAsync(connection, server.Target);

        Assert.Equal(reason, outcome.Reason);
        Assert.Contains(detail, outcome.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")]
    public async Task Reset_connection_is_told_from_an_ended_one(string answer)
    {
        using var server = ScriptedServer.Start(reset: true, answer);
        using var connection = await OpenAsync(server.Target);

        Assert.Equal(FailureReason.Reset, (await RequestAsync(connection, server.Target)).Reason);
    }

    [Fact]
    public async Task Kept_connection_that_ends_under_the_next_request_is_stale()
    {
        using var server = ScriptedServer.Start(reset: false, Answer, "");
        using var connection = await OpenAsync(server.Target);
        Assert.True((await RequestAsync(connection, server.Target)).IsSuccess);
        Assert.False(connection.ClosedWhileIdle);

        Assert.Equal(FailureReason.StaleConnection, (await RequestAsync(connection, server.Target)).Reason);
    }

    [Fact]
    public async Task Kept_connection_that_ended_while_idle_says_so()
    {
        using var server = ScriptedServer.Start(reset: false, Answer);
        using var connection = await OpenAsync(server.Target);
        Assert.True((await RequestAsync(connection, server.Target)).IsSuccess);

        // The end is on its way; only the loopback lies between.
        while (!connection.ClosedWhileIdle)
            await Task.Yield();
    }

    [Fact]
    public async Task Nobody_listening_is_a_refused_connect()
    {
        using var placeholder = new TcpListener(IPAddress.Loopback, 0);
        placeholder.Start();
        var port = ((IPEndPoint)placeholder.LocalEndpoint).Port;
        placeholder.Stop();

        var (connection, outcome) = await HttpConnection.ConnectAsync(Target.Parse($"http://127.0.0.1:{port}"), Timeout);

        Assert.Null(connection);
        Assert.Equal(FailureReason.ConnectRefused, outcome.Reason);
    }

    [Fact]
    public async Task Silence_is_a_timeout()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var target = Target.Parse($"http://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}");
        var (connection, _) = await HttpConnection.ConnectAsync(target, TimeSpan.FromMilliseconds(100));

        using (connection)
            Assert.Equal(FailureReason.Timeout, (await RequestAsync(connection!, target)).Reason);
    }

    private static async Task<HttpConnection> OpenAsync(Target target)
    {
        var (connection, outcome) = await HttpConnection.ConnectAsync(target, Timeout);
        Assert.True(outcome.IsSuccess, outcome.Detail);
        return connection!;
    }

    private static async Task<Outcome> RequestAsync(HttpConnection connection, Target target) => await connection.RequestAsync(target.Request("/", keepAlive: true));
}
