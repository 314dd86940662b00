using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Orchestrator.Api;
using Orchestrator.Cli.Progress;
using Orchestrator.Traffic;

namespace Orchestrator.Cli.Commands;

internal sealed class ApplyCommand : CliCommand
{
    private readonly Argument<string> _plan = new("PLANFILE") { Description = "What `plan --out` has written" };
    private readonly Option<string[]> _files = new("--file", "-f", "-c", "--compose-file") { Description = "The stack's files again, for the private keys of its certificates, which no plan file has; repeatable", HelpName = "file" };
    private readonly FollowOptions _follow = new();

    public ApplyCommand(CliServices services, GlobalOptions globals)
        : base("apply", "Carry out a plan file exactly as it stands, or refuse when the fleet has changed since", services, globals)
    {
        Arguments.Add(_plan);
        Options.Add(_files);
        _follow.AddTo(this, mayProbe: true);
    }

    protected override async Task<int> RunAsync(Invocation invocation)
    {
        var path = invocation.Arguments.GetRequiredValue(_plan);
        var file = Read(invocation, path);
        var request = new ChangeRequest.Apply { Stack = file.Stack, File = file, Certificates = Certificates(invocation, file), SkipUnreachable = file.SkipUnreachable, WaitsForPromotion = _follow.Waits(invocation.Arguments) };
        await using var connection = await invocation.OpenAsync(changes: true).ConfigureAwait(false);
        return await new ChangeRun(invocation, connection).RunAsync(request, _follow.Of(invocation.Arguments)).ConfigureAwait(false);
    }

    private static PlanFile Read(Invocation invocation, string path)
    {
        try
        {
            var file = PlanFile.Read(ReadBytes(path));
            return file.Fault() is { } fault ? throw CliException.Usage($"{path} cannot be applied: {fault}") : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage($"{path} cannot be read: {e.Message}");
        }
        catch (JsonException)
        {
            // What the reader says quotes the file, which may have an environment in it.
            var (what, source) = PlanFileTarget.IsYaml(path) ? ("by its name it is a stack file", path) : ("it is not the JSON that `orchestrator plan --out` writes", "stack.yaml");
            throw CliException.Usage($"{path} is not a plan file: {what}; make one with `{invocation.Hint($"plan {source} --out {PlanFileTarget.OtherThan(path)}")}`");
        }
    }

    /// <summary>A pipe has no length: what comes is counted.</summary>
    private static byte[] ReadBytes(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        for (var read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > PlanFile.BytesMax)
                throw CliException.Usage($"{path} is larger than {PlanFile.BytesMax / (1024 * 1024)} MiB, which is more than a coordinator takes; no plan file that `orchestrator plan --out` has written is");
        }

        return bytes.ToArray();
    }

    /// <summary>Only those whose contents are the very ones that the plan was made with.</summary>
    private ImmutableArray<CertificateFile> Certificates(Invocation invocation, PlanFile file)
    {
        var files = invocation.Arguments.GetValue(_files) ?? [];
        if (file.Spec.Certificates.IsEmpty || files.Length == 0)
            return [];
        var result = invocation.Services.StackFiles.Load(new([.. files], file.Stack, []));
        if (result.Stack is null)
            throw new StackFileException(result.Errors);
        ImmutableArray<CertificateFile> known = [.. result.Certificates.Where(c => file.Spec.Certificates.ContainsKey(c.Id))];
        var missing = file.Spec.Certificates.Values.Where(c => known.All(k => k.Id != c.Id)).Select(c => string.Join(", ", c.Names)).ToArray();
        if (missing.Length > 0)
            throw CliException.Usage($"the certificate for {string.Join("; ", missing)} is not the one that the plan was made with; make the plan again");
        return known;
    }
}
