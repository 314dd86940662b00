using System.Diagnostics.CodeAnalysis;

namespace Orchestrator.Actors;

/// <summary>An actor's place in its system's tree, e.g. <c>akka://fleet/user/coordinator</c>. Equality ignores the incarnation.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
{
    public const string ValidSymbols = "-_.*$+:@&=,!~';()";

    private const string Scheme = "akka://";

    private string[]? _elements;
    private string? _text;

    private protected ActorPath(string system, ActorPath? parent, string name, long uid)
    {
        SystemName = system;
        ParentOrNull = parent;
        Name = name;
        Uid = uid;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    public string Name { get; }

    /// <summary>The incarnation's number, unique within its system; 0 where none applies.</summary>
    public long Uid { get; }

    /// <summary>The root's parent is the root.</summary>
    public ActorPath Parent => ParentOrNull ?? this;

    public int Depth { get; }

    public ActorPath Root => ParentOrNull?.Root ?? this;

    public IReadOnlyList<string> Elements => _elements ??= BuildElements();

    internal string SystemName { get; }

    internal ActorPath? ParentOrNull { get; }

    internal static ActorPath ForRoot(string system) => new LocalActorPath(system, null, "", 0);

    public static bool IsValidPathElement(string s) =>
        !string.IsNullOrEmpty(s) && s[0] != '$' && s.All(IsValidSymbol);

    public ActorPath Child(string childName) => new LocalActorPath(SystemName, this, childName, 0);

    public ActorPath WithUid(long uid) => uid == Uid ? this : new LocalActorPath(SystemName, ParentOrNull, Name, uid);

    public ActorPath ParentOf(int depth)
    {
        var current = this;
        for (; depth > 0 && current.ParentOrNull is { } parent; depth--)
        {
            current = parent;
        }
        return current;
    }

    public static ActorPath Parse(string path) =>
        TryParse(path, out var parsed)
            ? parsed
            : throw new UriFormatException($"'{path}' is no actor path. Write it as akka://<system>/user/<name>.");

    public static bool TryParse(string path, [NotNullWhen(true)] out ActorPath? actorPath)
    {
        actorPath = null;
        if (path is null || !path.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return false;
        }
        var parts = path[Scheme.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0)
        {
            return false;
        }
        actorPath = ForRoot(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var hash = part.IndexOf('#', StringComparison.Ordinal);
            actorPath = actorPath.Child(hash < 0 ? part : part[..hash]);
        }
        return true;
    }

    public static string FormatPathElements(IEnumerable<string> pathElements) =>
        "/" + string.Join('/', pathElements);

    public string ToStringWithoutAddress() => FormatPathElements(Elements);

    public string ToStringWithUid() => Uid == 0 ? ToString() : $"{this}#{Uid}";

    public override string ToString() => _text ??= Scheme + SystemName + ToStringWithoutAddress();

    public virtual bool Equals(ActorPath? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Depth == other.Depth && string.Equals(ToString(), other.ToString(), StringComparison.Ordinal));

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    public virtual int CompareTo(ActorPath? other) => string.CompareOrdinal(ToString(), other?.ToString());

    public static bool operator ==(ActorPath? left, ActorPath? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(ActorPath? left, ActorPath? right) => !(left == right);

    private static bool IsValidSymbol(char c) =>
        char.IsAsciiLetterOrDigit(c) || ValidSymbols.Contains(c, StringComparison.Ordinal);

    private string[] BuildElements()
    {
        var elements = new string[Depth];
        for (var at = this; at.ParentOrNull is not null; at = at.ParentOrNull)
        {
            elements[at.Depth - 1] = at.Name;
        }
        return elements;
    }

    private sealed class LocalActorPath(string system, ActorPath? parent, string name, long uid)
        : ActorPath(system, parent, name, uid);
}
