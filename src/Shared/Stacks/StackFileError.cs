namespace Orchestrator.Stacks;

/// <summary>One thing wrong in a stack file. Line and column count from 1; 0 when the error has no place.</summary>
/// <param name="Path">Dotted key path, such as <c>services.web.ports[0]</c>.</param>
/// <param name="Remedy">What to do next, or null.</param>
public sealed record StackFileError(string File, int Line, int Column, string Path, string Message, string? Remedy)
{
    /// <summary><c>file:line:col: path: message (remedy)</c>, the form editors and terminals link.</summary>
    public override string ToString()
    {
        var place = Line > 0 ? $"{File}:{Line}:{Column}" : File;
        var path = Path.Length > 0 ? $" {Path}:" : "";
        return Remedy is null ? $"{place}:{path} {Message}" : $"{place}:{path} {Message}; {Remedy}";
    }
}
