using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Cli;
using Orchestrator.Planning;
using Orchestrator.Stacks;
using Orchestrator.Tests.Cli.Fakes;
using Orchestrator.Traffic;

namespace Orchestrator.Tests.Cli;

/// <summary><c>plan --out</c>, <c>apply</c> and <c>diff</c>.</summary>
public sealed class PlanFileCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orchestrator-plan-file");

    private string PathOfPlan => Path.Combine(_folder.FullName, "plan.json");

    public void Dispose()
    {
        _cli.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Plan_out_writes_the_file_for_its_owner_alone_and_shows_the_plan()
    {
        _cli.Coordinator.PlanFile = File();

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("plan", "stack.yaml", "--out", PathOfPlan, "--skip-unreachable"));

        Assert.Equal(File().ToBytes(), await System.IO.File.ReadAllBytesAsync(PathOfPlan));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(PathOfPlan));
        Assert.Equal($"written to {PathOfPlan}; carry it out with `orchestrator apply {PathOfPlan}`\n", _cli.Error);
        Assert.NotEmpty(_cli.Out);
        Assert.True(Assert.Single(_cli.Coordinator.Requests).SkipUnreachable);
    }

    [Theory]
    [InlineData("shop.yaml", "is one of the files that the plan is made from, and would be lost; nothing was written")]
    [InlineData("sub/../shop.yaml", "is one of the files that the plan is made from")]
    [InlineData("link.yaml", "is one of the files that the plan is made from")]
    [InlineData("folder/shop.yaml", "is one of the files that the plan is made from")]
    [InlineData("shop.env", "is one of the files that the plan is made from")]
    [InlineData("other.yaml", "exists and is not a plan file; its contents would be lost; nothing was written")]
    [InlineData("compose.json", "exists and is not a plan file")]
    public async Task Plan_out_never_overwrites_what_is_no_plan_file(string target, string said)
    {
        if (OperatingSystem.IsWindows()) return;
        var (shop, env) = (Path.Combine(_folder.FullName, "shop.yaml"), Path.Combine(_folder.FullName, "shop.env"));
        foreach (var name in (string[])["shop.yaml", "other.yaml"]) await System.IO.File.WriteAllTextAsync(Path.Combine(_folder.FullName, name), "services: {}\n");
        await System.IO.File.WriteAllTextAsync(env, "");
        await System.IO.File.WriteAllTextAsync(Path.Combine(_folder.FullName, "compose.json"), """{"services":{}}""");
        System.IO.File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link.yaml"), shop);
        Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, "folder"), _folder.FullName);
        var path = Path.Combine(_folder.FullName, target);
        var before = await System.IO.File.ReadAllTextAsync(path);
        _cli.Coordinator.PlanFile = File();

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("plan", shop, "--env-file", env, "--out", path));

        Assert.Equal(before, await System.IO.File.ReadAllTextAsync(path));
        Assert.Contains($"{path} {said}", _cli.Error, StringComparison.Ordinal);
        Assert.Contains(".plan.json`", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Plan_out_replaces_a_plan_file_and_fills_an_empty_one(bool isPlanFile)
    {
        await System.IO.File.WriteAllBytesAsync(PathOfPlan, isPlanFile ? (File() with { SkipUnreachable = true }).Sealed().ToBytes() : []);
        _cli.Coordinator.PlanFile = File();

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("plan", "stack.yaml", "--out", PathOfPlan));

        Assert.Equal(File().ToBytes(), await System.IO.File.ReadAllBytesAsync(PathOfPlan));
    }

    [Theory]
    [InlineData("shop.yaml", "by its name it is a stack file", "plan {0}shop.yaml --out {0}shop.plan.json`")]
    [InlineData("plan.json", "it is not the JSON that `orchestrator plan --out` writes", "plan stack.yaml --out {0}plan.plan.json`")]
    [InlineData("shop.plan.json", "it is not the JSON that `orchestrator plan --out` writes", "plan stack.yaml --out {0}shop-2.plan.json`")]
    public async Task Apply_of_a_stack_file_shows_nothing_of_it_and_advises_another_name(string name, string what, string advice)
    {
        var folder = _folder.FullName + Path.DirectorySeparatorChar;
        await System.IO.File.WriteAllTextAsync(folder + name, "name: shop\nservices:\n  web:\n    environment:\n      PASSWORD: hunter2\n");

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("apply", folder + name));

        Assert.Equal($"error: {folder}{name} is not a plan file: {what}; make one with `orchestrator {string.Format(System.Globalization.CultureInfo.InvariantCulture, advice, folder)}\n", _cli.Error);
    }

    [Fact]
    public async Task Plan_out_that_cannot_be_written_is_bad_usage()
    {
        _cli.Coordinator.PlanFile = File();

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("plan", "stack.yaml", "--out", Path.Combine(_folder.FullName, "missing", "plan.json")));

        Assert.Contains("plan.json cannot be written", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-")]
    [InlineData("/dev/stdout")]
    public async Task Plan_out_to_the_standard_output_gives_the_file_there_and_the_plan_to_the_other(string path)
    {
        _cli.Coordinator.PlanFile = File();

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("plan", "stack.yaml", "--out", path));

        Assert.Equal(File().ToBytes(), PlanFile.Read(Encoding.UTF8.GetBytes(_cli.Out)).ToBytes());
        Assert.NotEmpty(_cli.Error);
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("plan", "stack.yaml", "--out", path, "--json"));
    }

    [Fact]
    public async Task Plan_file_goes_through_a_pipe_both_ways()
    {
        if (OperatingSystem.IsWindows()) return;
        _cli.Coordinator.PlanFile = File();
        using (var made = Process.Start("mkfifo", [PathOfPlan])) await made.WaitForExitAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        // To open a pipe is to wait for its other end.
        var reading = Task.Run(() => System.IO.File.ReadAllBytes(PathOfPlan), limit.Token);
        Assert.Equal(ExitCode.Done, await Task.Run(() => _cli.RunAsync("plan", "stack.yaml", "--out", PathOfPlan), limit.Token).WaitAsync(limit.Token));
        Assert.Equal(File().ToBytes(), await reading.WaitAsync(limit.Token));

        _cli.Coordinator.Events.AddRange([new ChangeEvent.Accepted("hello", "c1", 2), new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done")]);
        var applying = Task.Run(() => _cli.RunAsync("apply", PathOfPlan), limit.Token);
        await Task.Run(() => System.IO.File.WriteAllBytes(PathOfPlan, File().ToBytes()), limit.Token);
        Assert.Equal(ExitCode.Done, await applying.WaitAsync(limit.Token));
    }

    [Fact]
    public async Task Plan_that_no_coordinator_would_take_is_neither_written_nor_read()
    {
        var spec = File().Spec;
        var huge = spec.Services[0] with { Container = spec.Services[0].Container with { Environment = ImmutableSortedDictionary<string, string?>.Empty.Add("KEY", new string('x', PlanFile.BytesMax)) } };
        _cli.Coordinator.PlanFile = (File() with { Spec = spec with { Services = [huge] } }).Sealed();

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("plan", "stack.yaml", "--out", PathOfPlan));
        Assert.Contains("the plan file would have 15 MiB, and a coordinator takes 15 MiB at most; nothing was written", _cli.Error, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(PathOfPlan));

        await System.IO.File.WriteAllBytesAsync(PathOfPlan, _cli.Coordinator.PlanFile.ToBytes());
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("apply", PathOfPlan));
        Assert.Contains("is larger than 15 MiB, which is more than a coordinator takes", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_sends_the_file_as_it_is_and_follows_the_change()
    {
        await WriteAsync(File());
        _cli.Coordinator.Events.AddRange([new ChangeEvent.Accepted("hello", "c1", 2), new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done")]);

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("apply", PathOfPlan));

        var apply = Assert.IsType<ChangeRequest.Apply>(Assert.Single(_cli.Coordinator.Requests));
        Assert.Equal(File().ToBytes(), apply.File.ToBytes());
        Assert.Equal("hello is at revision 2, in 0.0 s\n", _cli.Out);
    }

    [Fact]
    public async Task Apply_that_no_longer_fits_ends_with_1()
    {
        await WriteAsync(File());
        _cli.Coordinator.Failure = new CoordinatorException(CoordinatorErrorKind.Conflict, "the plan does not fit any more");

        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("apply", PathOfPlan));
    }

    [Theory]
    [InlineData("not json", "is not a plan file")]
    [InlineData("null", "is not a plan file")]
    [InlineData("""{"stack":"hello","spec":null,"images":{},"state":null,"plan":null}""", "is not a plan file")]
    [InlineData(null, "cannot be read")]
    public async Task Apply_of_what_is_no_plan_file_is_bad_usage(string? text, string said)
    {
        if (text is not null) await System.IO.File.WriteAllTextAsync(PathOfPlan, text);

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("apply", PathOfPlan));

        Assert.Contains(said, _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Coordinator.Requests);
    }

    [Fact]
    public async Task Apply_of_an_edited_file_is_bad_usage()
    {
        await WriteAsync(File() with { ForceRecreate = true });

        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("apply", PathOfPlan));

        Assert.Contains("it was changed since it was made", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_takes_private_keys_from_the_stacks_files_and_only_the_very_same()
    {
        var spec = File().Spec with { Certificates = ImmutableSortedDictionary<string, CertificateSpec>.Empty.Add("abc", new CertificateSpec("abc", ["shop.example"], default)) };
        await WriteAsync((File() with { Spec = spec }).Sealed());
        _cli.Coordinator.Events.AddRange([new ChangeEvent.Accepted("hello", "c1", 2), new ChangeEvent.Ended(ChangeOutcome.Done, 2, "done")]);

        _cli.StackFiles.Certificates = [new CertificateFile("other", "pem")];
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync("apply", PathOfPlan, "--file", "stack.yaml"));
        Assert.Contains("the certificate for shop.example is not the one that the plan was made with", _cli.Error, StringComparison.Ordinal);

        _cli.StackFiles.Certificates = [new CertificateFile("abc", "pem"), new CertificateFile("other", "pem")];
        Assert.Equal(ExitCode.Done, await _cli.RunAsync("apply", PathOfPlan, "--file", "stack.yaml"));
        Assert.Equal("abc", Assert.Single(Assert.IsType<ChangeRequest.Apply>(Assert.Single(_cli.Coordinator.Requests)).Certificates).Id);
    }

    [Fact]
    public async Task Diff_of_two_revisions_is_told_key_by_key()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];
        _cli.Coordinator.Diff = new StackDiff("hello", "revision 1", "revision 2",
        [
            new PartDiff("service", "web", "changed", [new KeyDiff("environment.KEY", "changed", null, null), new KeyDiff("image", "changed", "web:v1", "web:v2"), new KeyDiff("user", "added", null, "app")]),
            new PartDiff("service", "old", "removed", []),
        ]);

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("diff", "hello", "1", "2"));

        Assert.Equal(
            """
            hello: revision 1 → revision 2
              ~ service web
                ~ environment.KEY
                ~ image: web:v1 → web:v2
                + user: app
              - service old removed

            """,
            _cli.Out);
        Assert.Equal((1, 2, false), (_cli.Coordinator.DiffQuery!.From, _cli.Coordinator.DiffQuery.To, _cli.Coordinator.DiffQuery.Values));
        Assert.Equal(ExitCode.Failed, await _cli.RunAsync("diff", "hello", "1", "2", "--exit-code"));
    }

    [Fact]
    public async Task Diff_of_a_file_sends_its_specification()
    {
        _cli.Coordinator.Stacks = [CliHarness.Stack()];

        Assert.Equal(ExitCode.Done, await _cli.RunAsync("diff", "stack.yaml", "--values", "--json", "--exit-code"));

        Assert.Equal(("hello", null, true), (_cli.Coordinator.DiffQuery!.Spec!.Name, _cli.Coordinator.DiffQuery.From, _cli.Coordinator.DiffQuery.Values));
        Assert.Equal(JsonValueKind.Array, JsonDocument.Parse(_cli.Out).RootElement.GetProperty("parts").ValueKind);
    }

    [Theory]
    [InlineData("neither a stack file nor followed by revisions", "hello")]
    [InlineData("more than two revisions", "hello", "1", "2", "3")]
    public async Task Diff_of_something_else_is_bad_usage(string said, params string[] words)
    {
        Assert.Equal(ExitCode.Usage, await _cli.RunAsync(["diff", .. words]));

        Assert.Contains(said, _cli.Error, StringComparison.Ordinal);
    }

    private static PlanFile File() => new PlanFile
    {
        Stack = "hello",
        Spec = new StackSpec { Name = "hello", Services = [new ServiceSpec { Name = "web", Container = new ContainerSpec { Image = "web:v1" } }] },
        Images = ImmutableSortedDictionary<string, PinnedImage>.Empty.Add("web", new PinnedImage("web:v1@sha256:1", [])),
        State = new PlanState { Hosts = [new PlanStateHost("h1", true)] },
        Plan = new Plan { Stack = "hello", TargetRevision = 1, Services = [new ServicePlan { Service = "web", Action = ServiceAction.Create, Reason = "new", Slots = [new SlotPlan { Slot = 1, Action = SlotAction.Create, Host = "h1" }] }] },
    }.Sealed();

    private Task WriteAsync(PlanFile file) => System.IO.File.WriteAllBytesAsync(PathOfPlan, file.ToBytes());
}
