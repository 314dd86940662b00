using System.Formats.Tar;
using System.Globalization;

namespace Orchestrator.Engine.Tests;

public abstract partial class EngineContract
{
    private const int OutputMax = 64 * 1024;

    [Fact]
    public async Task Exec_gives_output_of_both_streams_and_the_exit_code()
    {
        var id = await RunAsync(ContractImages.Service);

        var result = await Engine.ExecAsync(id, new ExecRequest(["sh", "-c", "echo out; echo err >&2; exit 7"]), OutputMax, Cancellation);

        Assert.Equal(7, result.ExitCode);
        Assert.Equal(["err", "out"], result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    [Fact]
    public async Task Exec_takes_environment_user_and_folder()
    {
        var id = await RunAsync(ContractImages.Service);

        var result = await Engine.ExecAsync(id, new ExecRequest(["sh", "-c", "echo $WORD $(id -u) $PWD"]) { Env = ["WORD=hello"], User = "7", WorkingDir = "/tmp" }, OutputMax, Cancellation);

        Assert.Equal(new ExecResult(0, "hello 7 /tmp\n"), result);
    }

    [Fact]
    public async Task Exec_keeps_no_more_output_than_asked_and_still_ends()
    {
        var id = await RunAsync(ContractImages.Service);

        var result = await Engine.ExecAsync(id, new ExecRequest(["seq", "1", "100000"]), 10, Cancellation);

        Assert.Equal(new ExecResult(0, "1\n2\n3\n4\n5\n"), result);
    }

    [Fact]
    public async Task Exec_in_a_container_that_does_not_run_is_a_conflict()
    {
        var id = await CreateAsync(ContractImages.Service);

        await RefusedAsync(EngineErrorKind.Conflict, () => Engine.ExecAsync(id, new ExecRequest(["true"]), OutputMax, Cancellation));
    }

    [Fact]
    public async Task Healthcheck_of_the_image_turns_from_starting_to_healthy()
    {
        await using var events = await WatchAsync();
        var id = await RunAsync(ContractImages.Checked);
        var before = await Engine.InspectContainerAsync(id, Cancellation);

        await events.UntilAsync("health_status: healthy");

        var after = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal("starting", before.Health!.Status);
        Assert.Equal(["CMD-SHELL", "test -e /tmp/healthy"], before.Healthcheck!.Test);
        Assert.Equal(("healthy", 0, 0), (after.Health!.Status, after.Health.FailingStreak, after.Health.LastExitCode));
    }

    [Fact]
    public async Task Healthcheck_that_fails_turns_to_unhealthy_after_its_retries()
    {
        await using var events = await WatchAsync();
        var id = await RunAsync(ContractImages.Sick);

        var happened = await events.UntilAsync("health_status: unhealthy");

        var found = await Engine.InspectContainerAsync(id, Cancellation);
        Assert.Equal(id, happened.Id);
        Assert.True(found.Running);
        Assert.Equal(("unhealthy", 1), (found.Health!.Status, found.Health.LastExitCode));
        Assert.True(found.Health.FailingStreak >= ContractImages.ProbeRetries, $"streak {found.Health.FailingStreak}");
    }

    [Fact]
    public async Task Healthcheck_none_switches_the_image_s_off()
    {
        var id = await RunAsync(ContractImages.Sick, spec => spec with { Healthcheck = new Healthcheck { Test = ["NONE"] } });

        var found = await Engine.InspectContainerAsync(id, Cancellation);

        Assert.Null(found.Healthcheck);
        Assert.Null(found.Health);
    }

    [Fact]
    public async Task Events_tell_a_container_s_life_with_its_name_labels_and_exit_code()
    {
        await using var events = await WatchAsync();
        var id = await RunAsync(ContractImages.Job);
        await Engine.WaitContainerAsync(id, Cancellation);
        var die = await events.UntilAsync("die");
        await Engine.RemoveContainerAsync(id, force: false, volumes: true, Cancellation);
        await events.UntilAsync("destroy");

        Assert.Equal(["create", "start", "die", "destroy"], events.Actions.Where(action => action is "create" or "start" or "die" or "destroy"));
        Assert.Equal(("container", id), (die.Type, die.Id));
        Assert.Equal("3", die.Attributes["exitCode"]);
        Assert.Equal(_run, die.Attributes[RunLabel]);
        Assert.StartsWith("contract-" + _run, die.Attributes["name"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_a_stop_and_a_kill_carry_the_code()
    {
        await using var events = await WatchAsync();
        var id = await RunAsync(ContractImages.Stubborn);
        await Engine.KillContainerAsync(id, "SIGKILL", Cancellation);

        Assert.Equal("137", (await events.UntilAsync("die")).Attributes["exitCode"]);
    }

    [Fact]
    public async Task Logs_keep_the_streams_apart()
    {
        var id = await RunAsync(ContractImages.Job);
        await Engine.WaitContainerAsync(id, Cancellation);

        var lines = await LogAsync(id, new LogsRequest());

        Assert.Equal(new HashSet<LogLine> { new(false, "working"), new(true, "failed") }, lines.ToHashSet());
        Assert.Equal(2, lines.Count);
    }

    [Fact]
    public async Task Logs_tail_gives_the_last_lines_and_an_unfinished_one_is_not_lost()
    {
        var id = await RunAsync(ContractImages.Talker);
        await Engine.WaitContainerAsync(id, Cancellation);

        var all = await LogAsync(id, new LogsRequest());
        var last = await LogAsync(id, new LogsRequest { Tail = 2 });
        var none = await LogAsync(id, new LogsRequest { Tail = 0 });

        Assert.Equal(["one", "two", "three", "four", "unfinished"], all.Select(line => line.Text));
        Assert.Equal(["four", "unfinished"], last.Select(line => line.Text));
        Assert.Empty(none);
    }

    [Fact]
    public async Task Logs_with_timestamps_begin_with_the_time()
    {
        var id = await RunAsync(ContractImages.Job);
        await Engine.WaitContainerAsync(id, Cancellation);
        var started = (await Engine.InspectContainerAsync(id, Cancellation)).StartedAt!.Value;

        var line = (await LogAsync(id, new LogsRequest { Timestamps = true })).First(line => !line.IsError);

        var parts = line.Text.Split(' ', 2);
        var at = DateTimeOffset.Parse(parts[0], CultureInfo.InvariantCulture);
        Assert.InRange(at, started - TimeSpan.FromSeconds(5), started + Patience);
        Assert.Equal("working", parts[1]);
    }

    [Fact]
    public async Task Logs_followed_end_with_the_container()
    {
        var id = await RunAsync(ContractImages.Service);
        List<LogLine> lines = [];
        await foreach (var line in Engine.LogsAsync(id, new LogsRequest { Follow = true }, Cancellation))
        {
            lines.Add(line);
            if (lines.Count == 2) await Engine.StopContainerAsync(id, TimeSpan.FromSeconds(1), Cancellation);
        }

        Assert.Equal(new HashSet<LogLine> { new(false, "ready"), new(true, "oops") }, lines.ToHashSet());
    }

    [Fact]
    public async Task Logs_of_a_terminal_are_lines_too()
    {
        var id = await RunAsync(ContractImages.Talker, spec => spec with { Tty = true });
        await Engine.WaitContainerAsync(id, Cancellation);

        var lines = await LogAsync(id, new LogsRequest());

        Assert.Equal(["one", "two", "three", "four", "unfinished"], lines.Select(line => line.Text));
        Assert.DoesNotContain(lines, line => line.IsError);
    }

    [Fact]
    public async Task Archive_put_is_got_back_with_its_mode()
    {
        var id = await CreateAsync(ContractImages.Service);
        using var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "note.txt") { DataStream = new MemoryStream("hello"u8.ToArray()), Mode = UnixFileMode.UserRead });
        }

        tar.Position = 0;
        await Engine.PutArchiveAsync(id, "/tmp", tar, Cancellation);

        using var copy = new MemoryStream();
        await using (var got = await Engine.GetArchiveAsync(id, "/tmp/note.txt", Cancellation)) await got.CopyToAsync(copy, Cancellation);
        copy.Position = 0;
        using var reader = new TarReader(copy);
        var entry = reader.GetNextEntry()!;
        Assert.Equal(("note.txt", UnixFileMode.UserRead), (entry.Name, entry.Mode));
        Assert.Equal("hello", new StreamReader(entry.DataStream!).ReadToEnd());
    }

    [Fact]
    public async Task Archive_of_a_path_that_is_not_there_is_not_found()
    {
        var id = await CreateAsync(ContractImages.Service);

        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.GetArchiveAsync(id, "/nowhere", Cancellation));
        await RefusedAsync(EngineErrorKind.NotFound, () => Engine.PutArchiveAsync(id, "/nowhere", new MemoryStream(new byte[1024]), Cancellation));
    }

    private async Task<List<LogLine>> LogAsync(string container, LogsRequest request)
    {
        List<LogLine> lines = [];
        await foreach (var line in Engine.LogsAsync(container, request, Cancellation)) lines.Add(line);
        return lines;
    }

    /// <summary>Waits until the container has printed it.</summary>
    private async Task LoggedAsync(string container, string text)
    {
        await foreach (var line in Engine.LogsAsync(container, new LogsRequest { Follow = true }, Cancellation))
        {
            if (line.Text == text) return;
        }

        Assert.Fail($"{container} ended without printing \"{text}\"");
    }
}
