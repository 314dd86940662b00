using System.Collections.Immutable;

namespace Orchestrator.Agent.Templates.Language;

/// <summary>Go's text/template as confd's users write it. docs/templates.md says what is in it and where it differs.</summary>
internal sealed class Template
{
    private readonly string _file;
    private readonly ImmutableArray<Node> _nodes;

    private Template(string file, ImmutableArray<Node> nodes)
    {
        _file = file;
        _nodes = nodes;
    }

    /// <param name="file">For messages.</param>
    /// <exception cref="TemplateException">The text is malformed.</exception>
    public static Template Parse(string file, string text) => new(file, new Parser(file, new Lexer(file, text).Read()).Read());

    /// <exception cref="TemplateException">A key is missing, an argument is of the wrong kind, or a bound is passed.</exception>
    public string Render(RenderContext context, CancellationToken cancellation = default) => new Evaluation(_file, context, cancellation).Run(_nodes);
}
