namespace Orchestrator.Cli.Interaction;

/// <summary>The streams of the process and what they are connected to. Everything the command line says goes through one of these.</summary>
internal interface ITerminal
{
    TextWriter Out { get; }

    TextWriter Error { get; }

    bool OutIsTerminal { get; }

    bool ErrorIsTerminal { get; }

    bool InIsTerminal { get; }

    /// <summary>False for NO_COLOR and TERM=dumb: no colours and no cursor movement, whatever the streams are.</summary>
    bool AllowsEscapes { get; }

    /// <summary>Columns; a stated default when there is no terminal.</summary>
    int Width { get; }

    /// <summary>Rows; a stated default when there is no terminal.</summary>
    int Height { get; }

    /// <summary>A line from standard input; null at its end.</summary>
    string? ReadLine();
}
