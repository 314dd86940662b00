namespace Orchestrator.Protocol;

/// <summary>The labels by which a container is recognised after everything else has forgotten it.</summary>
public static class ReplicaLabels
{
    public const string Stack = "orchestrator.stack";
    public const string Service = "orchestrator.service";
    public const string Slot = "orchestrator.slot";
    public const string Revision = "orchestrator.revision";
    public const string ConfigHash = "orchestrator.config-hash";

    /// <summary>The command that created the container; tells two incarnations of one key apart.</summary>
    public const string Instance = "orchestrator.instance";

    /// <summary>The restart policy the container gets once it has passed its gate: until then it has none, so that a crash is seen as one.</summary>
    public const string Restart = "orchestrator.restart";

    /// <summary><c>max_attempts</c> and <c>window</c> (in milliseconds) of the restart policy, where the agent counts them because the engine cannot.</summary>
    public const string RestartMax = "orchestrator.restart-max";
    public const string RestartWindow = "orchestrator.restart-window-ms";

    /// <summary>The monitor time in milliseconds: tells an agent that restarts whether a container without a restart policy has passed.</summary>
    public const string Monitor = "orchestrator.monitor-ms";

    /// <summary>The stop grace period in milliseconds: the engine does not tell it, and a stop's bound is reckoned from it.</summary>
    public const string StopGrace = "orchestrator.stop-grace-ms";

    /// <summary>What is set aside for the container, in processors and bytes; left out where nothing is. The engine does not tell the one, and means something else by the other.</summary>
    public const string ReservedCpus = "orchestrator.reserved-cpus";
    public const string ReservedMemory = "orchestrator.reserved-memory-bytes";

    public const string ComposeProject = "com.docker.compose.project";
    public const string ComposeService = "com.docker.compose.service";
    public const string ComposeNumber = "com.docker.compose.container-number";
    public const string ComposeOneoff = "com.docker.compose.oneoff";
    public const string ComposeConfigHash = "com.docker.compose.config-hash";
    public const string ComposeNetwork = "com.docker.compose.network";
    public const string ComposeVolume = "com.docker.compose.volume";
}
