using System.Globalization;
using System.Text.RegularExpressions;

namespace Orchestrator.Stacks.Reading;

/// <summary>The host of a route: a name, <c>*.example.com</c>, <c>example.*</c> or <c>~^regular expression</c>.</summary>
internal static partial class HostPattern
{
    /// <summary>DNS allows 253; a regular expression that needs more is a mistake, and lands in every ingress's configuration.</summary>
    private const int MaxLength = 255;

    /// <summary>The pattern as routes carry it, or null after an error was reported.</summary>
    public static string? Read(string text, Value at)
    {
        if (text.Length is 0 or > MaxLength)
            return Refuse(at, text.Length == 0 ? "the host is empty" : $"the host is longer than {MaxLength} characters", "name a host, or leave the key out for any host");
        if (text[0] == '~')
            return ReadExpression(text, at);
        var host = text.ToLowerInvariant();
        if (host.Contains("://", StringComparison.Ordinal) || host.Contains('/', StringComparison.Ordinal))
            return Refuse(at, $"`{text}` is an address, not a host", "write the host alone; `path` takes the rest");
        if (host.LastIndexOf(':') is var colon and > 0 && host.AsSpan(colon + 1).ContainsAnyExceptInRange('0', '9') is false)
            return Refuse(at, $"`{text}` has a port, which a host has not", "write the host alone; `http_port` and `https_port` say where the ingress listens");
        if (!host.All(char.IsAscii))
            return Refuse(at, $"`{text}` is not ASCII", "write it as browsers send it, in the form xn--…");
        var name = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host.EndsWith(".*", StringComparison.Ordinal) ? host[..^2] : host;
        return Name().IsMatch(name) ? host : Refuse(at, $"`{text}` is not a host", "the forms are example.com, *.example.com, example.* and ~^regular expression");
    }

    /// <summary>Whether a certificate's DNS name covers the host; a wildcard stands for one label. Null where that cannot be told.</summary>
    public static bool? IsCovered(string host, IEnumerable<string> names)
    {
        if (host.Length == 0 || host[0] == '~' || host.EndsWith(".*", StringComparison.Ordinal) || System.Net.IPAddress.TryParse(host, out _))
            return null;
        var dot = host.IndexOf('.', StringComparison.Ordinal);
        var wildcard = dot < 0 ? null : "*" + host[dot..];
        return names.Select(n => n.ToLower(CultureInfo.InvariantCulture)).Any(n => n == host || n == wildcard);
    }

    private static string? ReadExpression(string text, Value at)
    {
        // Compiled only to find slips here rather than on every host.
        try
        {
            _ = new Regex(text[1..], RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            return Refuse(at, $"`{text}` is not a regular expression: {e.Message}", "correct what follows the ~");
        }

        if (text.Length == 1)
            return Refuse(at, "the regular expression is empty", "leave the host out for any host");
        if (text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            return Refuse(at, $"`{text}` holds a space, which no host does", "remove it");
        return HostExpression.Problem(text[1..]) is { } problem ? Refuse(at, $"not every ingress would take `{text}`: {problem.Message}", problem.Remedy) : text;
    }

    private static string? Refuse(Value at, string message, string remedy)
    {
        at.Error(message, remedy);
        return null;
    }

    [GeneratedRegex(@"\A[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\z")]
    private static partial Regex Name();
}
