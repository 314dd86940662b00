namespace Orchestrator.Stacks.Reading;

/// <summary>Dotted paths as messages show them.</summary>
internal static class Paths
{
    public static string Key(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
