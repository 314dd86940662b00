using Orchestrator.Cli.Interaction;

namespace Orchestrator.Tests.Cli.Fakes;

internal sealed class CapturedTerminal : ITerminal
{
    private readonly StringWriter _out = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    public TextWriter Out => _out;

    public TextWriter Error => _error;

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    public bool InIsTerminal { get; init; }

    public bool AllowsEscapes { get; init; } = true;

    public int Width { get; init; } = 100;

    public int Height { get; init; } = 30;

    public Queue<string> Answers { get; } = new();

    public string OutText => _out.ToString();

    public string ErrorText => _error.ToString();

    public string? ReadLine() => Answers.TryDequeue(out var answer) ? answer : null;
}
