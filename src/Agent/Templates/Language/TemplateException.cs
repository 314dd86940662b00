namespace Orchestrator.Agent.Templates.Language;

/// <summary>A template that cannot be read or rendered. The message is for people: <c>file:line:col: what; what to do</c>.</summary>
internal sealed class TemplateException(string file, Position position, string what, string? remedy = null)
    : Exception($"{file}:{position.Line}:{position.Column}: {what}{(remedy is null ? "" : "; " + remedy)}")
{
    public Position Position { get; } = position;
}

/// <summary>Both count from 1.</summary>
internal readonly record struct Position(int Line, int Column);
