using System.Collections.Immutable;
using Orchestrator.Stacks;

namespace Orchestrator.Rollouts;

/// <summary>What one judgement is about.</summary>
/// <param name="Id">Names its commands; another for each.</param>
/// <param name="Slots">Those that are judged together.</param>
/// <param name="Fresh">Endpoints of their new replicas.</param>
/// <param name="Old">Endpoints of all old replicas that are left.</param>
internal sealed record JudgementCase(string Id, string Stack, string Service, SloSpec Slo, ImmutableArray<RolloutCommand.Judge> Slots, ImmutableHashSet<string> Fresh, ImmutableHashSet<string> Old);
