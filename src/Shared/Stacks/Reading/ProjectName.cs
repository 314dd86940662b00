using System.Text.RegularExpressions;
using Orchestrator.Stacks.Interpolation;
using Orchestrator.Stacks.Yaml;

namespace Orchestrator.Stacks.Reading;

/// <summary><c>-p</c>, else COMPOSE_PROJECT_NAME, else the last <c>name:</c>, else the project directory's name made to fit.</summary>
internal static partial class ProjectName
{
    public const string Variable = "COMPOSE_PROJECT_NAME";

    private const string Rule = "a name starts with a letter or digit and holds lower-case letters, digits, `_` and `-`";

    /// <summary>Engines refuse longer container names only far later; DNS labels end here.</summary>
    private const int MaxLength = 63;

    /// <summary>Always a usable name; a bad one is reported and stood in for.</summary>
    public static string Of(StackFileRequest request, IReadOnlyList<Node.Map> documents, LoadContext context)
    {
        if (request.ProjectName is { Length: > 0 } given)
            return Checked(given, Place.Of(request.Files[0]), "", "the project name given", context);
        if (context.Lookup(Variable) is { Length: > 0 } variable)
            return Checked(variable, Place.Of(request.Files[0]), "", Variable, context);
        for (var i = documents.Count - 1; i >= 0; i--)
        {
            if (documents[i].Find("name") is not { } node)
                continue;
            var value = new Value(new NodeInterpolator(context.Lookup, context.Diagnostics).Apply(node, "name"), "name", context);
            return value.String() is { } name ? Checked(name, node.Place, "name", "the stack's name", context) : "unnamed";
        }

        var folder = NotAllowed().Replace(System.IO.Path.GetFileName(context.ProjectDirectory).ToLowerInvariant(), "").TrimStart('_', '-');
        if (folder.Length > MaxLength)
            folder = folder[..MaxLength];
        if (folder.Length > 0)
            return folder;
        context.Diagnostics.Error(Place.Of(request.Files[0]), "", $"no stack name can be made from the folder {context.ProjectDirectory}", "add `name:` to the file");
        return "unnamed";
    }

    private static string Checked(string name, Place place, string path, string what, LoadContext context)
    {
        if (Allowed().IsMatch(name) && name.Length <= MaxLength)
            return name;
        context.Diagnostics.Error(place, path, $"{what}, `{name}`, is not a valid name", name.Length > MaxLength ? $"at most {MaxLength} characters" : Rule);
        return "unnamed";
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9_-]*\z")]
    private static partial Regex Allowed();

    [GeneratedRegex("[^a-z0-9_-]")]
    private static partial Regex NotAllowed();
}
