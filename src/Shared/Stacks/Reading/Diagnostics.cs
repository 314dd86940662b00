using System.Collections.Immutable;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks.Reading;

/// <summary>Collects all that is wrong, so that one run shows everything.</summary>
internal sealed class Diagnostics
{
    private readonly List<StackFileError> _errors = [];
    private readonly List<StackFileError> _warnings = [];

    // A node shared by several aliases is read once for each; what is wrong with it is said once.
    private readonly HashSet<(Place Place, string Message)> _said = [];
    private readonly List<string> _files = [];

    public bool HasErrors => _errors.Count > 0;

    public void Error(Place place, string path, string message, string? remedy) => Add(_errors, place, path, message, remedy);

    public void Warn(Place place, string path, string message, string? remedy) => Add(_warnings, place, path, message, remedy);

    public ImmutableArray<StackFileError> Errors => Sorted(_errors);

    public ImmutableArray<StackFileError> Warnings => Sorted(_warnings);

    private void Add(List<StackFileError> list, Place place, string path, string message, string? remedy)
    {
        if (!_said.Add((place, message)))
            return;
        if (!_files.Contains(place.File))
            _files.Add(place.File);
        list.Add(new StackFileError(place.File, place.Line, place.Column, path, message, remedy));
    }

    /// <summary>Names the files in the order the caller gave them, which is the order of their errors.</summary>
    public void Announce(string file)
    {
        if (!_files.Contains(file))
            _files.Add(file);
    }

    private ImmutableArray<StackFileError> Sorted(List<StackFileError> list) =>
        [.. list.OrderBy(e => _files.IndexOf(e.File)).ThenBy(e => e.Line).ThenBy(e => e.Column)];
}
