using System.Formats.Tar;

namespace Orchestrator.Engine.Fakes;

/// <summary>A container's writable files, as far as archives reach them.</summary>
internal sealed class FakeFiles
{
    private readonly SortedDictionary<string, (byte[] Bytes, UnixFileMode Mode)> _files = new(StringComparer.Ordinal);

    /// <summary>Those that every image has.</summary>
    private readonly SortedSet<string> _folders = new(StringComparer.Ordinal) { "/", "/bin", "/dev", "/etc", "/home", "/proc", "/root", "/run", "/sys", "/tmp", "/usr", "/var" };

    public bool HasFolder(string path) => _folders.Contains(Normal(path));

    public void AddFolder(string path)
    {
        for (var folder = Normal(path); folder != "/"; folder = Parent(folder)) _folders.Add(folder);
    }

    public void Extract(string folder, Stream tar)
    {
        using var reader = new TarReader(tar);
        while (reader.GetNextEntry() is { } entry)
        {
            var path = Normal($"{folder}/{entry.Name}");
            if (entry.EntryType == TarEntryType.Directory)
            {
                AddFolder(path);
                continue;
            }

            AddFolder(Parent(path));
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            _files[path] = (content.ToArray(), entry.Mode);
        }
    }

    /// <summary>Null when there is no such file or folder. Names in it begin with the last part of the path, as the engine's do.</summary>
    public Stream? Pack(string path)
    {
        var root = Normal(path);
        if (!_files.ContainsKey(root) && !_folders.Contains(root)) return null;
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            var cut = root == "/" ? 1 : Parent(root).TrimEnd('/').Length + 1;
            if (_folders.Contains(root)) writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, (root == "/" ? "." : root[cut..]) + "/"));
            foreach (var (name, file) in _files.Where(file => file.Key == root || file.Key.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal)))
            {
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name[cut..]) { DataStream = new MemoryStream(file.Bytes), Mode = file.Mode });
            }
        }

        tar.Position = 0;
        return tar;
    }

    private static string Normal(string path) => "/" + string.Join('/', path.Split('/').Where(part => part is not ("" or ".")));

    private static string Parent(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "/";
}
