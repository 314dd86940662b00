using System.Collections.Immutable;
using Orchestrator.Agent.Ingress.Runtime;

namespace Orchestrator.Agent.Ingress;

/// <summary>What a process has to be told so that its servers are the layout's. Pure; the same for the process that serves and for those that finish.</summary>
/// <param name="Needed">Without these it does not show what is wanted.</param>
/// <param name="Cleanup">These may fail and are tried again: removing servers that nobody uses any longer.</param>
internal sealed record WorkerPlan(ImmutableArray<string> Needed, ImmutableArray<string> Cleanup)
{
    /// <param name="known">Server names of all endpoints in the table; what is open at others is closed, for their replicas are gone.</param>
    public static WorkerPlan For(IngressLayout layout, WorkerStats stats, ImmutableHashSet<string> known)
    {
        var needed = ImmutableArray.CreateBuilder<string>();
        var cleanup = ImmutableArray.CreateBuilder<string>();
        var wanted = layout.Backends.ToDictionary(backend => backend.Name, StringComparer.Ordinal);
        var there = stats.Servers.ToLookup(server => server.Backend, StringComparer.Ordinal);
        foreach (var name in stats.Backends)
        {
            var backend = wanted.GetValueOrDefault(name);
            var actual = there[name].ToDictionary(server => server.Name, StringComparer.Ordinal);
            if (backend is not null)
            {
                foreach (var server in backend.Servers) Show(backend, server, actual.GetValueOrDefault(server.Name), needed);
            }

            var staying = backend?.Servers.Select(server => server.Name).ToHashSet(StringComparer.Ordinal) ?? [];
            foreach (var server in actual.Values.Where(server => !staying.Contains(server.Name)).OrderBy(server => server.Name, StringComparer.Ordinal)) Leave(server, known, needed, cleanup);
        }

        return new WorkerPlan(needed.ToImmutable(), cleanup.ToImmutable());
    }

    private static void Show(IngressBackend backend, IngressServer server, ServerStats? actual, ImmutableArray<string>.Builder needed)
    {
        var name = $"{backend.Name}/{server.Name}";
        if (actual is null)
        {
            needed.Add($"add server {backend.Name}/{ServerLine.For(backend, server)}");
        }
        else if (actual.Address != server.Address)
        {
            var at = server.Address.LastIndexOf(':');
            needed.Add($"set server {name} addr {server.Address[..at].Trim('[', ']')} port {server.Address[(at + 1)..]}");
            if (!actual.IsOut) return;
        }
        else if (!actual.IsOut)
        {
            return;
        }

        needed.Add($"enable health {name}");
        needed.Add($"enable server {name}");
    }

    /// <summary>Maintenance, in HAProxy's sense, rather than drain: a draining server still gets the requests of clients that hold its cookie.</summary>
    private static void Leave(ServerStats server, ImmutableHashSet<string> known, ImmutableArray<string>.Builder needed, ImmutableArray<string>.Builder cleanup)
    {
        var name = $"{server.Backend}/{server.Name}";
        if (!server.IsOut) needed.Add($"set server {name} state maint");
        else if (server.Open == 0) cleanup.Add($"del server {name}");
        else if (!known.Contains(server.Name)) cleanup.Add($"shutdown sessions server {name}");
    }
}
