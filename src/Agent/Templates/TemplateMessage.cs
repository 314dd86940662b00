using System.Collections.Immutable;
using Orchestrator.Agent.Traffic;

namespace Orchestrator.Agent.Templates;

/// <summary>Between <see cref="TemplatesActor"/> and its children, one per resource.</summary>
internal abstract record TemplateMessage
{
    /// <summary>To a child: as <see cref="SinkMessage.Apply"/>.</summary>
    public sealed record Show(long Number, HostTraffic Traffic) : TemplateMessage;

    /// <summary>From a child that has started, also after a failure of its own: it has nothing to show yet.</summary>
    public sealed record Ready(string Resource) : TemplateMessage;

    /// <summary>From a child: the destination is loaded as of <paramref name="Number"/>.</summary>
    public sealed record Shown(string Resource, long Number) : TemplateMessage;

    /// <summary>From a child: not loaded, and why; it goes on trying.</summary>
    public sealed record Failing(string Resource, string Message) : TemplateMessage;

    /// <summary>From a child, at once and at each change: endpoints that drain in the traffic of <paramref name="Number"/>, the newest it was shown, and have had their time here.</summary>
    public sealed record Drained(string Resource, long Number, ImmutableHashSet<string> Endpoints) : TemplateMessage;
}
