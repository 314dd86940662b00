using System.Text;
using Orchestrator.Cli.Interaction;
using Spectre.Console;

namespace Orchestrator.Cli.Progress;

/// <summary>A Spectre console over our terminal: standard error, its size, and no guessing from the environment.</summary>
internal static class SpectreConsole
{
    public static IAnsiConsole Create(ITerminal terminal) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes,
        ColorSystem = ColorSystemSupport.Standard,
        Interactive = InteractionSupport.No,
        Out = new Output(terminal),
        Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
    });

    private sealed class Output(ITerminal terminal) : IAnsiConsoleOutput
    {
        public TextWriter Writer => terminal.Error;

        public bool IsTerminal => terminal.ErrorIsTerminal;

        public int Width => terminal.Width;

        public int Height => terminal.Height;

        public void SetEncoding(Encoding encoding)
        {
            // The terminal's own writer has one.
        }
    }
}
