using Orchestrator.Cli.Interaction;
using Orchestrator.Cli.Rendering;
using Orchestrator.Probing;

namespace Orchestrator.Cli.Progress;

/// <summary>Says what a probe does and what it found, in the form the change itself is shown in.</summary>
internal sealed class ProofDisplay(Voice voice, DisplayKind kind)
{
    public void Begins(ChangeProof proof)
    {
        if (kind != DisplayKind.Automatic)
            return;
        voice.Say(ProofText.Begins(proof.Settings.Options, proof.Settings.Before));
        if (!proof.IsServing)
            voice.Say("probe: the stack does not run yet: failures before a URL's first answer do not count");
    }

    /// <summary>Data; when quiet, only that of a failure.</summary>
    public void Report(ProbeReport report)
    {
        if (kind == DisplayKind.Json)
        {
            voice.JsonLine(report, ProbeJson.Default.ProbeReport);
            return;
        }

        if (kind == DisplayKind.Quiet && report.Held)
            return;
        foreach (var line in ProofText.Lines(report, voice.OutPaint))
            voice.Data(line);
    }
}
