using System.Text;

namespace Orchestrator.Cli.Interaction;

/// <summary>The process's own streams.</summary>
internal sealed class SystemTerminal : ITerminal
{
    private const int WidthWithoutTerminal = 120;
    private const int HeightWithoutTerminal = 40;

    public SystemTerminal(Func<string, string?> environment)
    {
        var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        Out = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true };
        Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        AllowsEscapes = string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") is not "dumb";
    }

    public TextWriter Out { get; }

    public TextWriter Error { get; }

    public bool OutIsTerminal { get; } = !Console.IsOutputRedirected;

    public bool ErrorIsTerminal { get; } = !Console.IsErrorRedirected;

    public bool InIsTerminal { get; } = !Console.IsInputRedirected;

    public bool AllowsEscapes { get; }

    public int Width => Size(() => Console.WindowWidth, WidthWithoutTerminal);

    public int Height => Size(() => Console.WindowHeight, HeightWithoutTerminal);

    public string? ReadLine() => Console.In.ReadLine();

    private static int Size(Func<int> read, int otherwise)
    {
        try
        {
            var size = read();
            return size > 0 ? size : otherwise;
        }
        catch (IOException)
        {
            // Neither stream is a terminal.
            return otherwise;
        }
    }
}
