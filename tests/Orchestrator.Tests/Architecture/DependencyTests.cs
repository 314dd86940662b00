using System.Text.RegularExpressions;
using Orchestrator.Agent;
using Orchestrator.Stacks;

namespace Orchestrator.Tests.Architecture;

/// <summary>Dependencies point one way, and policy knows neither network nor clock.</summary>
public sealed partial class DependencyTests
{
    [Fact]
    public void Shared_references_neither_agent_nor_coordinator_nor_actors() =>
        Assert.Empty(OurReferences(typeof(StackSpec)));

    [Fact]
    public void Agent_references_shared_and_actors_only() =>
        Assert.All(OurReferences(typeof(AgentActor)), name => Assert.Contains(name, (string[])["Orchestrator.Shared", "Orchestrator.Actors"]));

    [Fact]
    public void Actors_reference_nothing_of_ours() => Assert.Empty(OurReferences(typeof(ActorSystem)));

    [Fact]
    public void Only_the_composition_root_of_the_embedded_mode_uses_the_agent() => None(
        Repository.Sources("src/Orchestrator").Where(s => !s.Path.StartsWith("src/Orchestrator/Hosting/", StringComparison.Ordinal)),
        AgentUse(),
        "the agent is reached by its protocol; only the embedded mode's composition root may hold its types");

    [Fact]
    public void Only_the_program_uses_the_command_line() => None(
        Repository.Sources("src/Orchestrator").Where(s => !s.Path.StartsWith("src/Orchestrator/Cli/", StringComparison.Ordinal) && s.Path != "src/Orchestrator/Program.cs"),
        CliUse(),
        "the command line is the outermost room");

    [Fact]
    public void Planning_and_rollouts_know_no_network_no_files_and_no_clock() => None(
        Repository.Sources("src/Orchestrator/Planning").Concat(Repository.Sources("src/Orchestrator/Rollouts")),
        OutsideWorld(),
        "policy is given what it decides on; effects and time come from its shell");

    [Fact]
    public void Planning_and_the_rollout_state_machine_neither_wait_nor_log() => None(
        Repository.Sources("src/Orchestrator/Planning").Concat(Repository.Sources("src/Orchestrator/Rollouts").Where(s => !Path.GetFileName(s.Path).Contains("Actor", StringComparison.Ordinal))),
        Effects(),
        "Decide and Apply are pure; what they cause is carried out, and logged, by the actors around them");

    [Fact]
    public void Product_sources_never_name_the_actor_runtime() => None(
        Repository.Sources("src/Orchestrator").Concat(Repository.Sources("src/Agent")).Concat(Repository.Sources("src/Shared")),
        ActorRuntime(),
        "which runtime serves the actors is decided in Directory.Build.targets alone");

    [Fact]
    public void Product_code_writes_to_the_console_only_through_its_seam() => None(
        Repository.Sources("src/Orchestrator").Where(s => s.Path is not ("src/Orchestrator/Cli/Interaction/SystemTerminal.cs" or "src/Orchestrator/Cli/CliProgram.cs")),
        ConsoleUse(),
        "all output goes through ITerminal");

    private static string[] OurReferences(Type type) =>
        [.. type.Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("orchestrator", StringComparison.OrdinalIgnoreCase))];

    private static void None(IEnumerable<(string Path, string Code)> sources, Regex forbidden, string why)
    {
        var all = sources.ToArray();
        Assert.NotEmpty(all);
        var found = all.SelectMany(s => forbidden.Matches(s.Code).Select(m => $"{s.Path}: {m.Value.Trim()}")).ToArray();
        Assert.True(found.Length == 0, $"{why}:{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
    }

    [GeneratedRegex(@"\bOrchestrator\.Agent\b|\busing Orchestrator\.Agent[.;]")]
    private static partial Regex AgentUse();

    [GeneratedRegex(@"\bOrchestrator\.Cli\b")]
    private static partial Regex CliUse();

    [GeneratedRegex(@"\b(System\.Net|System\.IO|Microsoft\.AspNetCore|Microsoft\.Data|HttpClient|\w*Socket|TcpClient|IEngine|EngineClient|TimeProvider|Stopwatch|PeriodicTimer|UtcNow|Task\.Delay|Random|RandomNumberGenerator)\b|\b(File|Directory|Environment)\.\w+")]
    private static partial Regex OutsideWorld();

    [GeneratedRegex(@"\b(async|await|ILogger|Task|IActorRef|lock)\b")]
    private static partial Regex Effects();

    [GeneratedRegex(@"\busing (static )?(Orchestrator\.Actors|Akka)\b[^;]*;")]
    private static partial Regex ActorRuntime();

    [GeneratedRegex(@"\bConsole\.(Write|WriteLine|Error|Out)\b")]
    private static partial Regex ConsoleUse();
}
