using Orchestrator.Engine.Fakes;
using Orchestrator.Protocol;

namespace Orchestrator.Agent.Tests.Logs;

public sealed class LogsTests : IDisposable
{
    private readonly AgentBench _bench = new AgentBench().Connected();

    public void Dispose() => _bench.Dispose();

    private FakeContainer Printing(int lines)
    {
        _bench.Engine.Registry.Push(new FakeImage(AgentBench.Image) { Prints = [.. Enumerable.Range(1, lines).Select(line => new LogLine(line % 2 == 0, $"line {line}"))] });
        var container = _bench.Passed(_bench.Spec());
        _bench.Forget();
        return container;
    }

    private void Open(string container, bool follow = false, int credit = 16, int? tail = null) =>
        _bench.Send(new AgentCommand.OpenLogs { CommandId = "log", ContainerId = container, Follow = follow, Credit = credit, Tail = tail });

    private string[] Lines() => [.. _bench.All<AgentEvent.LogLines>().SelectMany(batch => batch.Lines).Select(line => line.Text)];

    [Fact]
    public void Log_comes_in_batches_of_at_most_a_hundred_lines_and_ends()
    {
        Open(Printing(250).Id);

        Assert.Equal(Enumerable.Range(1, 250).Select(line => $"line {line}"), Lines());
        Assert.All(_bench.All<AgentEvent.LogLines>(), batch => Assert.InRange(batch.Lines.Length, 1, 100));
        Assert.Equal(new AgentEvent.LogsEnded("log", null), _bench.Heard[^1]);
        Assert.True(_bench.All<AgentEvent.LogLines>().First().Lines[1].IsError);
    }

    [Fact]
    public void Log_stops_when_its_credit_is_used_up_and_goes_on_with_new_credit()
    {
        Open(Printing(450).Id, credit: 2);
        Assert.Equal(2, _bench.All<AgentEvent.LogLines>().Count());
        Assert.Empty(_bench.All<AgentEvent.LogsEnded>());

        _bench.Send(new AgentCommand.CreditLogs { CommandId = "log", Credit = 1 });
        Assert.Equal(3, _bench.All<AgentEvent.LogLines>().Count());

        _bench.Send(new AgentCommand.CreditLogs { CommandId = "log", Credit = 10 });
        Assert.Equal(450, Lines().Length);
        _bench.One<AgentEvent.LogsEnded>();
    }

    [Fact]
    public void Log_batches_stay_within_64_KiB()
    {
        var container = Printing(1);
        foreach (var size in new[] { 30_000, 30_000, 30_000, 200_000 }) _bench.Engine.Print(container.Id, new LogLine(false, new string('é', size)));
        Open(container.Id);

        Assert.All(_bench.All<AgentEvent.LogLines>(), batch => Assert.InRange(batch.Lines.Sum(line => System.Text.Encoding.UTF8.GetByteCount(line.Text)), 1, 64 * 1024));
        Assert.Equal(5, Lines().Length);
    }

    [Fact]
    public void Followed_log_sends_lines_as_they_come_and_ends_with_the_container()
    {
        var container = Printing(2);
        Open(container.Id, follow: true);
        Assert.Equal(["line 1", "line 2"], Lines());

        _bench.Engine.Print(container.Id, new LogLine(false, "later"));
        _bench.Settle();
        Assert.Equal("later", Lines()[^1]);
        Assert.Empty(_bench.All<AgentEvent.LogsEnded>());

        _bench.Stop();
        _bench.One<AgentEvent.LogsEnded>();
    }

    [Fact]
    public void Closed_log_sends_nothing_more()
    {
        var container = Printing(1);
        Open(container.Id, follow: true);
        _bench.Send(new AgentCommand.CloseLogs { CommandId = "log" });
        _bench.Forget();

        _bench.Engine.Print(container.Id, new LogLine(false, "later"));
        _bench.Settle();

        Assert.Empty(_bench.Heard);
    }

    [Fact]
    public void Link_down_closes_logs()
    {
        var container = Printing(1);
        Open(container.Id, follow: true);
        _bench.LinkDown();
        _bench.LinkUp();
        _bench.Forget();

        _bench.Engine.Print(container.Id, new LogLine(false, "later"));
        _bench.Settle();

        Assert.Empty(_bench.Heard);
    }

    [Fact]
    public void Log_of_an_unknown_container_ends_with_the_engines_words()
    {
        Open("nope");

        Assert.Contains("nope", _bench.One<AgentEvent.LogsEnded>().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_whose_engine_goes_away_ends_with_an_error()
    {
        Open(Printing(1).Id, follow: true);

        _bench.Engine.Disconnect();
        _bench.Settle();

        Assert.Contains("connection refused", _bench.One<AgentEvent.LogsEnded>().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_beyond_the_bound_are_refused()
    {
        var container = Printing(1);
        for (var number = 1; number <= 65; number++) _bench.Send(new AgentCommand.OpenLogs { CommandId = $"log-{number}", ContainerId = container.Id, Follow = true });

        Assert.Equal("log-65", _bench.One<AgentEvent.LogsEnded>().CommandId);
        Assert.Contains("64 logs", _bench.One<AgentEvent.LogsEnded>().Error, StringComparison.Ordinal);
    }
}
