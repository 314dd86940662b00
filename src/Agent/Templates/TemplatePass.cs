using System.Collections.Immutable;
using System.Text;
using Orchestrator.Agent.Templates.Language;
using Orchestrator.Agent.Templates.Resources;

namespace Orchestrator.Agent.Templates;

/// <summary>
/// Once through a resource: render → stage beside the destination → compare → check → rename → reload. A file beside the destination, written before the rename and
/// removed after the reload, says that a reload is owed: it outlives a failed reload and the agent, and no later pass takes the renamed file alone for done.
/// </summary>
internal sealed class TemplatePass(TemplateResource resource, TemplateOptions options, TimeProvider time)
{
    private const long TemplateBytesMax = 1024 * 1024;

    private const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Of <c>stat</c> and <c>chown</c>, which only look at one file.</summary>
    private static readonly TimeSpan OwnerTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Longest time a pass may take, its commands included.</summary>
    public static TimeSpan DurationMax(TemplateOptions options) => (options.CommandTimeout * 2) + TimeSpan.FromSeconds(30);

    /// <summary>All failures come as exceptions: <see cref="TemplateException"/>, <see cref="ShellCommandException"/>, or of the file system.</summary>
    public async Task<TemplateOutcome> RunAsync(ImmutableSortedDictionary<string, string> keys, DateTimeOffset since, CancellationToken cancellation)
    {
        var text = Render(keys, since, cancellation);

        // A link, such as those in sites-enabled, stays one.
        var destination = new FileInfo(resource.Destination).LinkTarget is null ? resource.Destination : File.ResolveLinkTarget(resource.Destination, returnFinalTarget: true)!.FullName;
        var (folder, name) = (Path.GetDirectoryName(destination)!, Path.GetFileName(destination));
        if (!Directory.Exists(folder)) throw new IOException($"the folder {folder} does not exist; create it, or correct dest");
        var (staged, due) = (Path.Combine(folder, $".{name}.staged"), Path.Combine(folder, $".{name}.reload-due"));
        try
        {
            await StageAsync(staged, destination, text, cancellation);
            var differs = !await IsSameAsync(staged, destination, text, cancellation);
            if (differs)
            {
                if (resource.CheckCommand is { } check) await CommandAsync("check_cmd", check, staged, cancellation);
                cancellation.ThrowIfCancellationRequested();
                if (resource.ReloadCommand is not null) WriteThrough(due, "");
                File.Move(staged, destination, overwrite: true);
            }

            var reloads = resource.ReloadCommand is not null && File.Exists(due);
            if (reloads)
            {
                await CommandAsync("reload_cmd", resource.ReloadCommand!, destination, cancellation);
                File.Delete(due);
            }

            return new TemplateOutcome(text, differs, reloads);
        }
        finally
        {
            File.Delete(staged);
        }
    }

    private string Render(ImmutableSortedDictionary<string, string> keys, DateTimeOffset since, CancellationToken cancellation)
    {
        if (!File.Exists(resource.Source)) throw new IOException($"the template {resource.Source} does not exist; src is a name in the templates folder");
        if (new FileInfo(resource.Source).Length > TemplateBytesMax) throw new IOException($"the template {resource.Source} is larger than 1 MiB");
        return Template.Parse(resource.Source, File.ReadAllText(resource.Source)).Render(new RenderContext(resource.StoreOf(keys), since, options.Environment), cancellation);
    }

    private async Task StageAsync(string staged, string destination, string text, CancellationToken cancellation)
    {
        File.Delete(staged);
        WriteThrough(staged, text);
        var exists = File.Exists(destination);
        File.SetUnixFileMode(staged, resource.Mode ?? (exists ? File.GetUnixFileMode(destination) : DefaultMode));
        if (resource.Owner is not null || resource.Group is not null) await OwnAsync($"{resource.Owner}{(resource.Group is null ? "" : ":" + resource.Group)}", staged, cancellation);
        else if (exists && Environment.IsPrivilegedProcess) await OwnAsync(null, staged, cancellation, destination);
    }

    /// <param name="reference">Whose owner is taken when <paramref name="owner"/> is null.</param>
    private Task OwnAsync(string? owner, string staged, CancellationToken cancellation, string? reference = null) =>
        ShellCommand.RunAsync("changing the owner", $"chown {(owner is null ? "--reference=" + Quoted(reference!) : Quoted(owner))} {Quoted(staged)}", OwnerTimeout, time, cancellation);

    private async Task<bool> IsSameAsync(string staged, string destination, string text, CancellationToken cancellation)
    {
        if (!File.Exists(destination)) return false;
        var current = await File.ReadAllBytesAsync(destination, cancellation);
        if (!current.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(text)) || File.GetUnixFileMode(destination) != File.GetUnixFileMode(staged)) return false;
        if (resource.Owner is null && resource.Group is null) return true;
        try
        {
            await ShellCommand.RunAsync("comparing owners", $"[ \"$(stat -c %u:%g {Quoted(staged)})\" = \"$(stat -c %u:%g {Quoted(destination)})\" ]", OwnerTimeout, time, cancellation);
            return true;
        }
        catch (ShellCommandException)
        {
            return false;
        }
    }

    private Task CommandAsync(string what, string command, string source, CancellationToken cancellation) =>
        ShellCommand.RunAsync(what, SourcePlace.Replace(command, source), options.CommandTimeout, time, cancellation);

    private static void WriteThrough(string path, string text)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }

    private static string Quoted(string path) => $"'{path.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <param name="Text">What was rendered.</param>
/// <param name="Changed">The destination was not as rendered, and now is.</param>
/// <param name="Reloaded">The reload command ran, and succeeded.</param>
internal sealed record TemplateOutcome(string Text, bool Changed, bool Reloaded);
