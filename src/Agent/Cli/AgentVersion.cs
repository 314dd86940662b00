using System.Reflection;

namespace Orchestrator.Agent.Cli;

internal static class AgentVersion
{
    /// <summary>Of this program, without the commit that the build appends.</summary>
    public static string Text { get; } =
        (typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];
}
