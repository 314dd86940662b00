using System.Text.RegularExpressions;

namespace Orchestrator.Agent.Templates;

/// <summary><c>{{.src}}</c> in a command.</summary>
internal static partial class SourcePlace
{
    public static string Replace(string command, string path) => Place().Replace(command, _ => path);

    [GeneratedRegex(@"\{\{\s*\.src\s*\}\}")]
    private static partial Regex Place();
}
