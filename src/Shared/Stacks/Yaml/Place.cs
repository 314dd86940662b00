namespace Orchestrator.Stacks.Yaml;

/// <summary>Where a node starts. Line and column count from 1; 0 when only the file is known.</summary>
internal readonly record struct Place(string File, int Line, int Column)
{
    public static Place Of(string file) => new(file, 0, 0);

    public override string ToString() => Line > 0 ? $"{File}:{Line}:{Column}" : File;
}
